using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What an image says of its own origin: camera, editing program, image generator, and whether the camera's notes fit the picture. Raw measure:
/// 1 for a generator's or a face swapper's name or IPTC's mark for synthetic media, 0.5 for an editor's name, 0.4 for a picture of another size
/// than its camera noted or with a later date of change, 0 otherwise. Anyone can write or strip metadata: their absence is no evidence, a camera's name
/// proves nothing, and editors crop as well as they retouch.
/// </summary>
public sealed class MetadataSignal : IForensicSignal
{
    /// <inheritdoc/>
    public string Name => "metadata";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Format is not (MediaFormat.Jpeg or MediaFormat.Png or MediaFormat.Webp or MediaFormat.Tiff))
            return Measurement.NotApplicable("Metadata of this format are not read.");
        var metadata = ImageMetadata.Read(material.Format, material.Head.Span);
        if (metadata.Exif is null && !metadata.HasXmp && !metadata.HasContentCredentials && metadata.Texts.Length == 0)
            return Measurement.NotApplicable("There are no metadata; that is no evidence.");

        var generator = ProgramMarks.Generator(metadata.Texts);
        var editor = ProgramMarks.Editor(metadata.Texts);
        bool resized = IsResized(material, metadata.Exif), changed = IsChanged(metadata.Exif);
        var camera = metadata.Exif is { Make: { Length: > 0 } } or { Model: { Length: > 0 } };
        var (score, reason) = (generator, editor, camera) switch
        {
            ({ } name, _, _) => (1.0, $"The metadata name {name}."),
            (_, { } name, _) => (0.5, $"The metadata name the editor {name}; editing is not manipulation."),
            _ when resized => (0.4, "The picture has another size than its camera noted: it was scaled or cut since."),
            _ when changed => (0.4, "The metadata date the picture's last change after its taking."),
            (_, _, true) => (0.0, "The metadata name a camera; that proves nothing."),
            _ => (0.0, "The metadata name neither camera nor editor; that is no evidence."),
        };
        return Measurement.Of(
            score,
            calibration.Score(score),
            reason,
            ("generator", generator is null ? 0 : 1), ("editor", editor is null ? 0 : 1), ("camera", camera ? 1 : 0),
            ("exif", metadata.Exif is null ? 0 : 1), ("xmp", metadata.HasXmp ? 1 : 0), ("resized", resized ? 1 : 0), ("changed_later", changed ? 1 : 0));
    }

    /// <summary>Also not turned by a quarter, which some programs do without a note.</summary>
    private static bool IsResized(ForensicMaterial material, ExifText? exif)
    {
        if (exif is not { Width: > 0, Height: > 0 } || material.Index is not { Width: > 0 } index) return false;
        var (longer, shorter) = (Math.Max(index.Width, index.Height), Math.Min(index.Width, index.Height));
        return Math.Max(exif.Width, exif.Height) != longer || Math.Min(exif.Width, exif.Height) != shorter;
    }

    /// <summary>Dates of EXIF sort as texts.</summary>
    private static bool IsChanged(ExifText? exif) => exif is { Taken.Length: 19, Changed.Length: 19 } && string.CompareOrdinal(exif.Changed, exif.Taken) > 0;
}
