using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What a film's container says of how it came about: programs that wrote it, the camera, and how many bits a pixel was given. Raw measure: 1
/// where a generator or face swapper is named, 0.5 for an editor, 0.3 for an encoder's library or for fewer bits than any camera writes, 0 otherwise.
/// Every platform encodes anew: this is history, not manipulation.
/// </summary>
public sealed class VideoEncodingSignal : IForensicSignal
{
    /// <summary>Bits a pixel below which no camera records; platforms deliver 0.03 to 0.1.</summary>
    private const double FewBits = 0.1;

    /// <inheritdoc/>
    public string Name => "video_encoding";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Kind != MediaKind.Video) return Measurement.NotApplicable("Not a film.");
        if (material.Encoding is not { } facts) return Measurement.NotApplicable("Nothing is known of the film's encoding.");
        var texts = string.Join('\n', facts.Muxer, facts.Encoder, facts.Camera, facts.Remarks);
        var (generator, editor) = (ProgramMarks.Generator(texts), ProgramMarks.Editor(texts));
        var library = IsLibrary(facts.Muxer) || IsLibrary(facts.Encoder);
        var pixels = (double)facts.Width * facts.Height * facts.FrameRate;
        var bits = facts.BitsPerSecond > 0 && pixels > 0 ? facts.BitsPerSecond / pixels : double.NaN;
        var rate = double.IsNaN(bits) ? "" : string.Create(CultureInfo.InvariantCulture, $", {bits:0.00} bits a pixel");
        var (raw, says) = (generator, editor) switch
        {
            ({ } name, _) => (1.0, $"its texts name {name}"),
            (_, { } name) => (0.5, $"its texts name the editor {name}; editing is not manipulation"),
            _ when library => (0.3, "written by an encoder's library, as platforms and editors do, not by a camera"),
            _ when bits < FewBits => (0.3, "fewer bits than cameras write: encoded anew since it was recorded"),
            _ when facts.Camera is { Length: > 0 } => (0.0, "its texts name a camera; that proves nothing"),
            _ => (0.0, "nothing says who wrote it; that is no evidence"),
        };
        return Measurement.Of(
            raw,
            calibration.Score(raw),
            $"The film is {facts.Codec}{rate}; {says}.",
            ("bits_per_pixel", bits), ("reordered_frames", facts.ReorderedFrames), ("generator", generator is null ? 0 : 1), ("editor", editor is null ? 0 : 1),
            ("library", library ? 1 : 0), ("camera", facts.Camera is { Length: > 0 } ? 1 : 0));
    }

    private static bool IsLibrary(string? text) => text is not null
        && (text.StartsWith("Lavf", StringComparison.Ordinal) || text.StartsWith("Lavc", StringComparison.Ordinal) || text.Contains("HandBrake", StringComparison.OrdinalIgnoreCase)
            || text.Contains("x264", StringComparison.OrdinalIgnoreCase) || text.Contains("x265", StringComparison.OrdinalIgnoreCase) || text.Contains("libebml", StringComparison.OrdinalIgnoreCase));
}
