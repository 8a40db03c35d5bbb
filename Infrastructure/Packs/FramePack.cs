using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Packs;

/// <summary>
/// What forensics needs of the frames. Tensor <c>thumbnails</c>, uint8 [N, h, w, 3], RGB: every sampled frame at a longer side of at
/// most 320 pixels. Tensors <c>window_0</c>, <c>window_1</c> …, uint8 [h, w, 3], RGB: native-resolution windows (no resampling, no
/// rotation beyond the medium's own) around the largest face of up to 8 frames, about three face sizes wide where the frame allows, at
/// most 768 pixels a side. Metadata: <c>seconds</c> = JSON array of media times, one a thumbnail; <c>windows</c> = JSON array of
/// <see cref="FaceWindow"/>.
/// </summary>
public sealed class FramePack
{
    /// <summary>Longer side of a thumbnail at most, in pixels.</summary>
    public const int ThumbnailSide = 320;

    /// <summary>Longer side of a window at most, in pixels.</summary>
    public const int WindowSide = 768;

    /// <summary>How many windows a pack holds at most.</summary>
    public const int MaxWindows = 8;

    /// <summary>All thumbnails [N, h, w, 3]; N may be 0.</summary>
    public required ByteTensor Thumbnails { get; init; }

    /// <summary>Media times of the thumbnails.</summary>
    public required IReadOnlyList<double> Seconds { get; init; }

    /// <summary>Descriptions of the windows.</summary>
    public required IReadOnlyList<FaceWindow> Windows { get; init; }

    /// <summary>Pixels of the windows [h, w, 3], in the order of <see cref="Windows"/>.</summary>
    public required IReadOnlyList<ByteTensor> WindowPixels { get; init; }

    /// <summary>Writes the pack as safetensors.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) => SafetensorsWriter.WriteAsync(
        stream,
        [Thumbnails with { Name = "thumbnails" }, .. WindowPixels.Select((w, i) => w with { Name = $"window_{i}" })],
        new Dictionary<string, string>
        {
            ["format"] = "deepfake.frames/1",
            ["seconds"] = JsonSerializer.Serialize(Seconds, DeepfakeJson.Options),
            ["windows"] = JsonSerializer.Serialize(Windows, DeepfakeJson.Options),
        },
        cancellationToken);

    /// <summary>Reads a pack.</summary>
    /// <exception cref="InvalidDataException">Not a frame pack.</exception>
    public static async Task<FramePack> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var file = await SafetensorsFile.ReadAsync(stream, cancellationToken);
        var windows = PackMetadata.Read<FaceWindow>(file, "windows");
        return new FramePack
        {
            Thumbnails = file["thumbnails"],
            Seconds = PackMetadata.Read<double>(file, "seconds"),
            Windows = windows,
            WindowPixels = [.. windows.Select((_, i) => file[$"window_{i}"])],
        };
    }
}

/// <summary>A native-resolution window around a face.</summary>
/// <param name="Seconds">Media time.</param>
/// <param name="TrackId">Track of the face.</param>
/// <param name="Face">Box of the face in window pixels.</param>
/// <param name="Origin">Window in source pixels.</param>
public sealed record FaceWindow(double Seconds, int TrackId, Box Face, Box Origin);

internal static class PackMetadata
{
    public static IReadOnlyList<T> Read<T>(SafetensorsFile file, string key) => ReadOne<List<T>>(file, key);

    public static T ReadOne<T>(SafetensorsFile file, string key)
        where T : new()
    {
        try
        {
            return file.Metadata.TryGetValue(key, out var json) ? JsonSerializer.Deserialize<T>(json, DeepfakeJson.Options) ?? new T() : throw new InvalidDataException($"The pack has no '{key}'.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The pack's '{key}' is not valid.", e);
        }
    }
}
