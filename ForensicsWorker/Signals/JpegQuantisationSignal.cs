using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Facts of a JPEG's header: quantisation tables, the quality they stand for, colour subsampling. Cameras write tables of their own or
/// standard ones of one quality; standard tables of different qualities for luma and colour come from few programs. The score rises with
/// the difference of the two qualities, from 0 at 2 points to 1 at 40; tables that are not standard score 0, since they are no evidence.
/// </summary>
public sealed class JpegQuantisationSignal : IForensicSignal
{
    private const double FreeDifference = 2, FullDifference = 40;

    /// <inheritdoc/>
    public string Name => "jpeg_quantisation";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Format != MediaFormat.Jpeg) return Measurement.NotApplicable("Not a JPEG.");
        if (JpegHeader.Parse(material.Head.Span) is not { Components.Count: > 0 } header) return Measurement.NotApplicable("The JPEG's header cannot be read.");
        if (header.Table(header.Components[0].Table) is not { } lumaTable) return Measurement.NotApplicable("The JPEG's quantisation tables do not come before its picture.");

        var luma = QuantisationTables.Estimate(lumaTable, chroma: false);
        var chromaTable = header.Components.Count > 1 ? header.Table(header.Components[1].Table) : null;
        QualityEstimate? chroma = chromaTable is null ? null : QuantisationTables.Estimate(chromaTable, chroma: true);
        // At the ends of the scale tables saturate, and several qualities are the same table.
        var difference = chroma is { } c && luma.IsStandard && c.IsStandard && luma.Quality is > 5 and < 98 ? Math.Abs(luma.Quality - c.Quality) : 0;
        return Measurement.Of(
            Score(difference),
            calibration.Score(Score(difference)),
            Describe(luma, chroma, QuantisationTables.KnownSource(lumaTable), Subsampling(header.Components), difference),
            ("quality", luma.Quality), ("standard_tables", luma.IsStandard && chroma is not { IsStandard: false } ? 1 : 0), ("table_distance", luma.Distance),
            ("chroma_quality", chroma?.Quality ?? double.NaN), ("tables", header.TableCount), ("components", header.Components.Count), ("progressive", header.Progressive ? 1 : 0));
    }

    /// <summary>The score of a difference between the qualities of luma and colour; rises with it.</summary>
    public static double Score(double difference) => Math.Clamp((difference - FreeDifference) / (FullDifference - FreeDifference), 0, 1);

    /// <summary>Colour subsampling in the usual notation; empty for grey and for unusual factors.</summary>
    public static string Subsampling(IReadOnlyList<JpegComponent> components) => components switch
    {
        [{ Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }] => "4:4:4",
        [{ Horizontal: 2, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }] => "4:2:2",
        [{ Horizontal: 2, Vertical: 2 }, { Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }] => "4:2:0",
        [{ Horizontal: 1, Vertical: 2 }, { Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }] => "4:4:0",
        [{ Horizontal: 4, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }, { Horizontal: 1, Vertical: 1 }] => "4:1:1",
        _ => "",
    };

    private static string Describe(QualityEstimate luma, QualityEstimate? chroma, string? source, string subsampling, int difference)
    {
        var colour = subsampling.Length > 0 ? $", colour {subsampling}" : "";
        if (!luma.IsStandard || chroma is { IsStandard: false })
            return source is null ? $"Tables of a camera or an editor, close to quality {luma.Quality}{colour}." : $"Tables as {source} writes them{colour}.";
        return difference > FreeDifference
            ? $"Standard tables of different quality for luma ({luma.Quality}) and colour ({chroma!.Value.Quality}){colour}."
            : $"Standard tables of quality {luma.Quality}{colour}.";
    }
}
