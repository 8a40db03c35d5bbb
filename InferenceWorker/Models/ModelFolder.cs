using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Models;

/// <summary>One folder below the models folder: reads and checks what lies in it.</summary>
public static partial class ModelFolder
{
    /// <summary>Name of the manifest in a folder.</summary>
    public const string ManifestName = "model.json";

    private const int MaxManifestBytes = 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip };

    /// <summary>Folders with a manifest below a path, by name; none when the path does not exist.</summary>
    public static IReadOnlyList<string> List(string path) =>
        Directory.Exists(path)
            ? [.. Directory.EnumerateDirectories(path).Where(folder => !Path.GetFileName(folder).StartsWith('.') && File.Exists(Path.Combine(folder, ManifestName))).Order(StringComparer.Ordinal)]
            : [];

    /// <summary>Reads and checks the manifest of a folder.</summary>
    /// <exception cref="ModelRejectedException">It is missing or wrong.</exception>
    public static ModelManifest ReadManifest(string folder)
    {
        ModelManifest? manifest;
        try
        {
            using var stream = File.OpenRead(Path.Combine(folder, ManifestName));
            if (stream.Length > MaxManifestBytes) throw new ModelRejectedException("model.json is longer than 1 MB");
            manifest = JsonSerializer.Deserialize<ModelManifest>(stream, Json);
        }
        catch (JsonException e)
        {
            throw new ModelRejectedException($"model.json cannot be read: {Plain(e)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelRejectedException("model.json cannot be opened", e);
        }

        return Check(manifest ?? throw new ModelRejectedException("model.json is empty"));
    }

    /// <summary>The network's file, after its hash was compared with the manifest.</summary>
    /// <returns>Path of the file.</returns>
    /// <exception cref="ModelRejectedException">It is missing or has another content.</exception>
    public static string VerifyFile(string folder, ModelManifest manifest)
    {
        var path = Path.Combine(folder, manifest.File);
        try
        {
            using var stream = File.OpenRead(path);
            var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
            return string.Equals(hash, manifest.Sha256, StringComparison.OrdinalIgnoreCase)
                ? path
                : throw new ModelRejectedException($"{manifest.File} is not the file that model.json names: its SHA-256 begins with {hash[..12]}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelRejectedException($"{manifest.File} cannot be read", e);
        }
    }

    private static ModelManifest Check(ModelManifest manifest)
    {
        // "required" only says that a field was there: null gets through.
        Require(manifest.Name is not null && NamePattern().IsMatch(manifest.Name), "name must be 1 to 64 of a-z, 0-9, '.', '_', '-', beginning with a letter or digit");
        Require(!manifest.Name!.EndsWith(".json", StringComparison.Ordinal) && !manifest.Name.EndsWith(".new", StringComparison.Ordinal), "name must not be that of a file beside the models");
        Require(manifest.Version is { Length: >= 1 and <= 32 }, "version must have 1 to 32 characters");
        Require(!string.IsNullOrWhiteSpace(manifest.Architecture), "architecture is empty");
        Require(!string.IsNullOrWhiteSpace(manifest.Licence), "licence is empty");
        Require(manifest.Sha256 is not null && HashPattern().IsMatch(manifest.Sha256), "sha256 must be 64 hex digits");
        Require(!string.IsNullOrEmpty(manifest.File) && FilePattern().IsMatch(manifest.File), "file must be a plain file name inside the folder");
        Require(manifest.Variants is not null && manifest.Variants.All(variant => variant?.File is not null && FilePattern().IsMatch(variant.File) && variant.Sha256 is not null && HashPattern().IsMatch(variant.Sha256)), "variants must name plain files inside the folder and their sha256");
        Require(manifest.Weight is >= 0 and <= 1000, "weight must lie in [0, 1000]");

        var input = manifest.Input;
        Require(input is not null, "input is null");
        Require(input!.Size is >= 16 and <= 1024, "input.size must lie in [16, 1024]");
        if (input.View == InputView.Texture)
        {
            Require(manifest.Kind == ModelKind.Frame && !input.TtaFlip, "input.view texture is for frame models without tta_flip");
            Require(input.Size <= FacePack.NativeSide, $"input.size must be at most {FacePack.NativeSide} for the texture view");
            Require(input.Patches is >= 1 and <= PatchPlaces.Most, $"input.patches must lie in [1, {PatchPlaces.Most}]");
            Require(manifest.Output?.Cam is null, "output.cam is not for the texture view");
        }
        else
        {
            Require(input.Margin is >= 0.5f and <= 1.6f, "input.margin must lie in [0.5, 1.6]");
        }

        Require(input.Mean is { Count: 3 } && input.Mean.All(float.IsFinite), "input.mean must be three numbers");
        Require(input.Std is { Count: 3 } && input.Std.All(s => float.IsFinite(s) && s > 1e-6f), "input.std must be three numbers above 0");

        if (manifest.Kind == ModelKind.Sequence)
        {
            Require(input.SequenceLength is >= 2 and <= 64, "input.sequence_length must lie in [2, 64] for a sequence model");
            Require(!input.TtaFlip, "input.tta_flip is not for sequence models");
        }

        Require(manifest.Output is not null, "output is null");
        Require(manifest.Output!.FakeIndex is 0 or 1, "output.fake_index must be 0 or 1");

        Require(manifest.Calibration is not null, "calibration is null");
        Require(double.IsFinite(manifest.Calibration!.A) && double.IsFinite(manifest.Calibration.B), "calibration.a and .b must be numbers");
        return manifest;
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition) throw new ModelRejectedException("model.json: " + otherwise);
    }

    /// <summary>The serializer's message names .NET types; its path and position are what helps.</summary>
    private static string Plain(JsonException e)
    {
        var missing = MissingPattern().Match(e.Message);
        return missing.Success
            ? $"missing {missing.Groups["names"].Value.Replace("'", "", StringComparison.Ordinal)}"
            : $"wrong value at {e.Path ?? "the start"}, line {(e.LineNumber ?? 0) + 1}";
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.None, 1000)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[0-9a-fA-F]{64}\z", RegexOptions.None, 1000)]
    private static partial Regex HashPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z", RegexOptions.None, 1000)]
    private static partial Regex FilePattern();

    [GeneratedRegex(@"missing required properties[^:]*: (?<names>.*?)\.?(?: Path:|$)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MissingPattern();
}
