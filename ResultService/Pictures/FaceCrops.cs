using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Pictures;

/// <summary>Pictures of faces, made from the face packs. 256 × 256 PNG.</summary>
public sealed class FaceCrops(IObjectStore objects, FusionSource fusion)
{
    /// <summary>The best crop of a track; null when there is none (any more).</summary>
    public async Task<byte[]?> EncodeBestAsync(string tenant, string analysisId, int trackId, CancellationToken cancellationToken) =>
        await ReadBestAsync(tenant, analysisId, trackId, cancellationToken) is var (_, crop) ? Encode(crop.Span) : null;

    /// <summary>The same crop with what speaks for manipulation laid over it; null when there is none or no model says where it looked.</summary>
    public async Task<byte[]?> EncodeHeatAsync(string tenant, string analysisId, int trackId, CancellationToken cancellationToken)
    {
        if (await ReadBestAsync(tenant, analysisId, trackId, cancellationToken) is not var (face, crop)) return null;
        var maps = await ReadAsync(ObjectKeys.HeatMaps(tenant, analysisId, face.Shard), HeatMapPack.ReadAsync, cancellationToken);
        var weights = fusion.Current?.Models;
        var heat = maps?.Maps.Select(map => new CropHeat(map, face.Row, weights is null ? 1 : weights.GetValueOrDefault(map.Model)))
            .Where(map => map.Weight > 0 && (face.Row + 1) * map.Maps.Height * map.Maps.Width <= map.Maps.Cells.Length).ToList();
        return heat is { Count: > 0 } ? Encode(HeatMapPainter.Overlay(crop.Span, HeatMapPainter.Evidence(heat))) : null;
    }

    /// <summary>The crop that shows a face best: by quality weight, then by size, then the earliest.</summary>
    public static IndexedFace? Best(FaceIndex index, int trackId, QualityGates gates) =>
        index.Frames.SelectMany(frame => frame.Faces).Where(face => face.TrackId == trackId)
            .OrderByDescending(face => FaceQualityWeight.Of(face.Quality, gates)).ThenByDescending(face => face.Quality.SizePixels)
            .FirstOrDefault();

    private static byte[] Encode(ReadOnlySpan<byte> rgb) => PngEncoder.Encode(rgb, FacePack.Side, FacePack.Side);

    private async Task<(IndexedFace Face, ReadOnlyMemory<byte> Crop)?> ReadBestAsync(string tenant, string analysisId, int trackId, CancellationToken cancellationToken)
    {
        try
        {
            var index = await objects.ReadAsync(ObjectKeys.Index(tenant, analysisId), cancellationToken);
            if (Best(index, trackId, fusion.Current?.QualityGates ?? new QualityGates()) is not { } face) return null;
            var pack = await ReadAsync(ObjectKeys.FacePack(tenant, analysisId, face.Shard), FacePack.ReadAsync, cancellationToken);
            return face.Row < pack?.Crops.Count ? (face, pack[face.Row]) : null;
        }
        catch (Exception e) when (e is ObjectNotFoundException or InvalidDataException)
        {
            return null;
        }
    }

    private async Task<T?> ReadAsync<T>(string key, Func<Stream, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var stream = await objects.OpenAsync(key, cancellationToken);
            return await read(stream, cancellationToken);
        }
        catch (Exception e) when (e is ObjectNotFoundException or InvalidDataException)
        {
            return null;
        }
    }
}
