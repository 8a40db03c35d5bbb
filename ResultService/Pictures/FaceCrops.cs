using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Pictures;

/// <summary>
/// Pictures of faces as PNG, made from the packs: the medium itself is never decoded here. They show a face at the moment that its record names; without
/// one, where its quality is best.
/// </summary>
public sealed class FaceCrops(IObjectStore objects, FusionSource fusion)
{
    /// <summary>A crop of a track, 256 × 256; null when there is none (any more).</summary>
    public async Task<byte[]?> EncodeFaceAsync(string tenant, string analysisId, int trackId, double? seconds, CancellationToken cancellationToken) =>
        await ReadAsync(tenant, analysisId, trackId, seconds, cancellationToken) is { } shown ? Encode(shown.Crop.Span) : null;

    /// <summary>The same crop with what speaks for manipulation laid over it; null when there is none or no model says where it looked.</summary>
    public async Task<byte[]?> EncodeHeatAsync(string tenant, string analysisId, int trackId, double? seconds, CancellationToken cancellationToken) =>
        await ReadAsync(tenant, analysisId, trackId, seconds, cancellationToken) is { } shown && await EvidenceAsync(tenant, analysisId, shown.Face, cancellationToken) is { } evidence
            ? Encode(HeatMapPainter.Overlay(shown.Crop.Span, evidence))
            : null;

    /// <summary>
    /// The whole frame of that crop, at most <see cref="FramePainter.MaxSide"/> pixels a side, with the face marked and its heat map back in its place, where
    /// there is one; null when there is no such frame (any more).
    /// </summary>
    public async Task<byte[]?> EncodeFrameAsync(string tenant, string analysisId, int trackId, double? seconds, CancellationToken cancellationToken)
    {
        if (await ReadAsync(tenant, analysisId, trackId, seconds, cancellationToken) is not { } shown) return null;
        var pack = await ReadAsync(ObjectKeys.ShownFrames(tenant, analysisId), FramePack.ReadAsync, cancellationToken);
        if (pack is null || ShownFrames.Thumbnail(pack, shown.Seconds) is not { } thumbnail) return null;
        var evidence = await EvidenceAsync(tenant, analysisId, shown.Face, cancellationToken);
        var frame = FramePainter.Paint(thumbnail, shown.Index.Width, shown.Index.Height, CropPlacement.Of(shown.Face), shown.Crop.Span, evidence);
        return PngEncoder.Encode(frame.Rgb, frame.Width, frame.Height);
    }

    private static byte[] Encode(ReadOnlySpan<byte> rgb) => PngEncoder.Encode(rgb, FacePack.Side, FacePack.Side);

    private async Task<float[]?> EvidenceAsync(string tenant, string analysisId, IndexedFace face, CancellationToken cancellationToken)
    {
        var maps = await ReadAsync(ObjectKeys.HeatMaps(tenant, analysisId, face.Shard), HeatMapPack.ReadAsync, cancellationToken);
        return maps is not null && CropHeat.Counting(maps.Maps, face.Row, fusion.Current) is { Count: > 0 } heat ? HeatMapPainter.Evidence(heat) : null;
    }

    private async Task<ShownCrop?> ReadAsync(string tenant, string analysisId, int trackId, double? seconds, CancellationToken cancellationToken)
    {
        try
        {
            var index = await objects.ReadAsync(ObjectKeys.Index(tenant, analysisId), cancellationToken);
            if (ShownFrames.Find(index, trackId, seconds, fusion.Current?.QualityGates ?? new QualityGates()) is not var (face, moment)) return null;
            var pack = await ReadAsync(ObjectKeys.FacePack(tenant, analysisId, face.Shard), FacePack.ReadAsync, cancellationToken);
            return face.Row < pack?.Crops.Count ? new ShownCrop(index, face, moment, pack[face.Row]) : null;
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

    private readonly record struct ShownCrop(FaceIndex Index, IndexedFace Face, double Seconds, ReadOnlyMemory<byte> Crop);
}
