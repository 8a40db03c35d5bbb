using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What an image says of its own origin: camera, editing program, image generator. Three steps: 1 for a generator's or a face swapper's
/// name or IPTC's mark for synthetic media, 0.5 for an editor's name, 0 otherwise. Anyone can write or strip metadata: their absence is
/// no evidence, a camera's name proves nothing, and editors crop as well as they retouch.
/// </summary>
public sealed class MetadataSignal : IForensicSignal
{
    private static readonly (string Mark, string Name)[] Generators =
    [
        ("trainedalgorithmicmedia", "IPTC's mark for synthetic media"), ("stable diffusion", "Stable Diffusion"), ("stablediffusion", "Stable Diffusion"),
        ("comfyui", "ComfyUI"), ("invokeai", "InvokeAI"), ("automatic1111", "AUTOMATIC1111"), ("novelai", "NovelAI"), ("midjourney", "Midjourney"),
        ("dall-e", "DALL-E"), ("dall·e", "DALL-E"), ("openai", "OpenAI"), ("adobe firefly", "Adobe Firefly"), ("made with google ai", "Google AI"),
        ("deepfacelab", "DeepFaceLab"), ("faceswap", "FaceSwap"), ("facefusion", "FaceFusion"), ("reface", "Reface"), ("faceapp", "FaceApp"),
    ];

    private static readonly (string Mark, string Name)[] Editors =
    [
        ("photoshop", "Adobe Photoshop"), ("lightroom", "Adobe Lightroom"), ("gimp", "GIMP"), ("snapseed", "Snapseed"), ("facetune", "Facetune"),
        ("affinity photo", "Affinity Photo"), ("pixelmator", "Pixelmator"), ("paint.net", "Paint.NET"), ("picsart", "Picsart"), ("meitu", "Meitu"),
        ("canva", "Canva"), ("luminar", "Luminar"), ("capture one", "Capture One"),
    ];

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

        var generator = Find(Generators, metadata.Texts);
        var editor = Find(Editors, metadata.Texts);
        var camera = metadata.Exif is { Make: { Length: > 0 } } or { Model: { Length: > 0 } };
        var (score, reason) = (generator, editor, camera) switch
        {
            ({ } name, _, _) => (1.0, $"The metadata name {name}."),
            (_, { } name, _) => (0.5, $"The metadata name the editor {name}; editing is not manipulation."),
            (_, _, true) => (0.0, "The metadata name a camera; that proves nothing."),
            _ => (0.0, "The metadata name neither camera nor editor; that is no evidence."),
        };
        return Measurement.Of(
            score,
            calibration.Score(score),
            reason,
            ("generator", generator is null ? 0 : 1), ("editor", editor is null ? 0 : 1), ("camera", camera ? 1 : 0),
            ("exif", metadata.Exif is null ? 0 : 1), ("xmp", metadata.HasXmp ? 1 : 0), ("content_credentials", metadata.HasContentCredentials ? 1 : 0));
    }

    private static string? Find((string Mark, string Name)[] marks, string texts) =>
        Array.Find(marks, mark => ContainsWord(texts, mark.Mark)).Name;

    /// <summary>Whole words only: "canvas" names no editor.</summary>
    private static bool ContainsWord(ReadOnlySpan<char> text, string word)
    {
        for (int at; (at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase)) >= 0; text = text[(at + 1)..])
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsLetter(text[at - 1])) && (end == text.Length || !char.IsLetter(text[end]))) return true;
        }

        return false;
    }
}
