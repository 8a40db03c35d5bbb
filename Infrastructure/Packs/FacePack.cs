using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Packs;

/// <summary>
/// A shard of aligned face crops: tensor <c>faces</c>, uint8 [N, 256, 256, 3], NHWC, RGB. A crop is the square around the face,
/// turned so that the eyes are level, whose side is <see cref="Margin"/> times the longer side of the face box; what lies outside
/// the frame repeats the edge. Tensors <c>native_0</c>, <c>native_1</c> …, uint8 [S, S, 3], RGB, one a row: the square of the decoded
/// frame around the same face as it is, neither resampled nor turned, in which the traces of generators are still whole. Metadata:
/// <c>crops</c> = JSON array of <see cref="CropInfo"/>, one a row.
/// </summary>
public sealed class FacePack
{
    /// <summary>Side of a crop in pixels.</summary>
    public const int Side = 256;

    /// <summary>Side of the crop over the longer side of the face box. Models take their smaller margin from its centre.</summary>
    public const float Margin = 1.6f;

    /// <summary>Bytes of one crop.</summary>
    public const int CropBytes = Side * Side * 3;

    /// <summary>Side of a native square at most, in pixels: of a larger face only the middle is kept.</summary>
    public const int NativeSide = 512;

    private const string Format = "deepfake.faces/2";
    private readonly IReadOnlyList<ReadOnlyMemory<byte>> _natives;

    /// <summary>Creates a pack from pixels and their descriptions.</summary>
    /// <param name="pixels">All crops, row after row.</param>
    /// <param name="crops">One description a row.</param>
    /// <param name="natives">One native square a row, as large as <see cref="CropInfo.Native"/> says; empty where that is null. Null where no face has one.</param>
    /// <exception cref="InvalidDataException">Their counts or sizes differ.</exception>
    public FacePack(ReadOnlyMemory<byte> pixels, IReadOnlyList<CropInfo> crops, IReadOnlyList<ReadOnlyMemory<byte>>? natives = null)
    {
        if (pixels.Length != crops.Count * CropBytes)
            throw new InvalidDataException($"{crops.Count} crops need {crops.Count * CropBytes} bytes, not {pixels.Length}.");
        natives ??= new ReadOnlyMemory<byte>[crops.Count];
        if (natives.Count != crops.Count) throw new InvalidDataException($"{crops.Count} crops have {natives.Count} native squares.");
        for (var row = 0; row < natives.Count; row++)
        {
            if (crops[row].Native is { } native && (native.Side is < 1 or > NativeSide || native.Landmarks.Count != 12))
                throw new InvalidDataException($"The native square of row {row} is not described as one.");
            if (natives[row].Length != (crops[row].Native?.Bytes ?? 0)) throw new InvalidDataException($"The native square of row {row} does not fit its description.");
        }

        Pixels = pixels;
        Crops = crops;
        _natives = natives;
    }

    /// <summary>All crops, row after row.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    /// <summary>One description a row.</summary>
    public IReadOnlyList<CropInfo> Crops { get; }

    /// <summary>RGB pixels of one crop.</summary>
    public ReadOnlyMemory<byte> this[int row] => Pixels.Slice(row * CropBytes, CropBytes);

    /// <summary>All that the pack shows of one face.</summary>
    public FacePixels Face(int row) => new(this[row], _natives[row], Crops[row].Native);

    /// <summary>Writes the pack as safetensors.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) => SafetensorsWriter.WriteAsync(
        stream,
        [
            new ByteTensor("faces", [Crops.Count, Side, Side, 3], Pixels),
            .. Crops.Select((crop, row) => crop.Native is { } native ? new ByteTensor($"native_{row}", [native.Side, native.Side, 3], _natives[row]) : null).OfType<ByteTensor>(),
        ],
        new Dictionary<string, string> { ["format"] = Format, ["crops"] = JsonSerializer.Serialize(Crops, DeepfakeJson.Options) },
        cancellationToken);

    /// <summary>Reads a pack.</summary>
    /// <exception cref="InvalidDataException">Not a face pack.</exception>
    public static async Task<FacePack> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var file = await SafetensorsFile.ReadAsync(stream, cancellationToken);
        var faces = file["faces"];
        if (faces.Shape is not [_, Side, Side, 3]) throw new InvalidDataException("The face pack has crops of an unknown size.");
        var crops = PackMetadata.Read<CropInfo>(file, "crops");
        return new FacePack(faces.Data, crops, [.. crops.Select((crop, row) => crop.Native is null ? default : file[$"native_{row}"].Data)]);
    }
}

/// <summary>A face as networks look at it.</summary>
/// <param name="Crop"><see cref="FacePack.CropBytes"/> bytes of RGB: the aligned crop.</param>
/// <param name="Native">RGB of the native square; empty where there is none.</param>
/// <param name="Square">What is known of the native square; null where there is none.</param>
public readonly record struct FacePixels(ReadOnlyMemory<byte> Crop, ReadOnlyMemory<byte> Native, NativeInfo? Square);

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

    /// <summary>The face at the resolution of the decoded frame; null in packs of a time that had none.</summary>
    public NativeInfo? Native { get; init; }
}

/// <summary>What is known of a native square.</summary>
/// <param name="Side">Its side in pixels, 1 to <see cref="FacePack.NativeSide"/>.</param>
/// <param name="Landmarks">Landmarks in its pixels, in the order of <see cref="CropInfo.Landmarks"/>; those of a large face may lie outside.</param>
public sealed record NativeInfo(int Side, IReadOnlyList<float> Landmarks)
{
    /// <summary>Bytes of its pixels.</summary>
    [JsonIgnore]
    public int Bytes => Side * Side * 3;
}
