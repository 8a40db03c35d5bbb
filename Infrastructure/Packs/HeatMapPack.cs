using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Packs;

/// <summary>
/// Where the models looked: heat maps of the crops of one shard. A tensor a model, named like it: uint8 [N, h, w], rows in the order of
/// the face pack. Metadata: <c>margins</c> = JSON object of model name to what the map covers, see <see cref="HeatMaps.Margin"/>.
/// </summary>
/// <param name="Maps">One entry a model that has maps.</param>
public sealed record HeatMapPack(IReadOnlyList<HeatMaps> Maps)
{
    /// <summary>Writes the pack as safetensors.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) => SafetensorsWriter.WriteAsync(
        stream,
        [.. Maps.Select(map => new ByteTensor(map.Model, [map.Cells.Length / (map.Height * map.Width), map.Height, map.Width], map.Cells))],
        new Dictionary<string, string>
        {
            ["format"] = "deepfake.heatmaps/1",
            ["margins"] = JsonSerializer.Serialize(Maps.ToDictionary(map => map.Model, map => map.Margin), DeepfakeJson.Options),
        },
        cancellationToken);

    /// <summary>Reads a pack.</summary>
    /// <exception cref="InvalidDataException">Not a heat map pack.</exception>
    public static async Task<HeatMapPack> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var file = await SafetensorsFile.ReadAsync(stream, cancellationToken);
        var margins = PackMetadata.ReadOne<Dictionary<string, float>>(file, "margins");
        return new HeatMapPack([.. file.Names.Select(name => file[name]).Select(tensor =>
            tensor.Shape is [_, > 0 and <= HeatMaps.MaxSide, > 0 and <= HeatMaps.MaxSide] && margins.GetValueOrDefault(tensor.Name) is > 0 and <= FacePack.Margin and var margin
                ? new HeatMaps(tensor.Name, margin, tensor.Shape[1], tensor.Shape[2], tensor.Data)
                : throw new InvalidDataException($"'{tensor.Name}' holds no heat maps."))]);
    }
}

/// <summary>Heat maps of one model.</summary>
/// <param name="Model">Name from its manifest.</param>
/// <param name="Margin">Side of the centred square that a map covers over the longer side of the face box; a crop has <see cref="FacePack.Margin"/>.</param>
/// <param name="Height">Cells down, 1–64.</param>
/// <param name="Width">Cells across, 1–64.</param>
/// <param name="Cells">Height × width bytes a crop; see <see cref="ToLogOdds"/>.</param>
public sealed record HeatMaps(string Model, float Margin, int Height, int Width, ReadOnlyMemory<byte> Cells)
{
    /// <summary>Cells along a side at most.</summary>
    public const int MaxSide = 64;

    /// <summary>Cells of one crop, row by row.</summary>
    public ReadOnlyMemory<byte> this[int row] => Cells.Slice(row * Height * Width, Height * Width);

    /// <summary>What a cell adds to the log-odds of <em>manipulated</em>, −8 to 7.94: the mean over a map is the crop's own log-odds.</summary>
    public static float ToLogOdds(byte cell) => (cell - 128) / 16f;

    /// <summary>The byte of a log-odds; what lies outside is held inside.</summary>
    public static byte FromLogOdds(double logOdds) => (byte)Math.Clamp(Math.Round(128 + 16 * logOdds), 0, 255);
}
