using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Packs;

/// <summary>
/// A shard of aligned face crops: tensor <c>faces</c>, uint8 [N, 256, 256, 3], NHWC, RGB. A crop is the square around the face,
/// turned so that the eyes are level, whose side is <see cref="Margin"/> times the longer side of the face box; what lies outside
/// the frame repeats the edge. Metadata: <c>crops</c> = JSON array of <see cref="CropInfo"/>, one a row.
/// </summary>
public sealed class FacePack
{
    /// <summary>Side of a crop in pixels.</summary>
    public const int Side = 256;

    /// <summary>Side of the crop over the longer side of the face box. Models take their smaller margin from its centre.</summary>
    public const float Margin = 1.6f;

    /// <summary>Bytes of one crop.</summary>
    public const int CropBytes = Side * Side * 3;

    /// <summary>Creates a pack from pixels and their descriptions.</summary>
    /// <exception cref="InvalidDataException">Their counts differ.</exception>
    public FacePack(ReadOnlyMemory<byte> pixels, IReadOnlyList<CropInfo> crops)
    {
        if (pixels.Length != crops.Count * CropBytes)
            throw new InvalidDataException($"{crops.Count} crops need {crops.Count * CropBytes} bytes, not {pixels.Length}.");
        Pixels = pixels;
        Crops = crops;
    }

    /// <summary>All crops, row after row.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>One description a row.</summary>
    public IReadOnlyList<CropInfo> Crops { get; }

    /// <summary>RGB pixels of one crop.</summary>
    public ReadOnlyMemory<byte> this[int row] => Pixels.Slice(row * CropBytes, CropBytes);

    /// <summary>Writes the pack as safetensors.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) => SafetensorsWriter.WriteAsync(
        stream,
        [new ByteTensor("faces", [Crops.Count, Side, Side, 3], Pixels)],
        new Dictionary<string, string> { ["format"] = "deepfake.faces/1", ["crops"] = JsonSerializer.Serialize(Crops, DeepfakeJson.Options) },
        cancellationToken);

    /// <summary>Reads a pack.</summary>
    /// <exception cref="InvalidDataException">Not a face pack.</exception>
    public static async Task<FacePack> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var file = await SafetensorsFile.ReadAsync(stream, cancellationToken);
        var faces = file["faces"];
        if (faces.Shape is not [_, Side, Side, 3]) throw new InvalidDataException("The face pack has crops of an unknown size.");
        return new FacePack(faces.Data, PackMetadata.Read<CropInfo>(file, "crops"));
    }
}

/// <summary>What is known of one crop.</summary>
public sealed record CropInfo
{
    /// <summary>Media time in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Track, from 1.</summary>
    public required int TrackId { get; init; }

    /// <summary>Detector's box in source pixels.</summary>
    public required Box Box { get; init; }

    /// <summary>
    /// Landmarks in crop pixels as x, y pairs: right eye, left eye, nose tip, mouth centre, right ear, left ear (12 numbers).
    /// "Right" is the person's right: the left half of an unmirrored picture.
    /// </summary>
    public required IReadOnlyList<float> Landmarks { get; init; }

    /// <summary>Quality of the face.</summary>
    public required FaceQuality Quality { get; init; }
}
