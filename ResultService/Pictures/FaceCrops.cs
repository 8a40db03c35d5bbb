using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Pictures;

/// <summary>Pictures of faces, made from the face packs.</summary>
public sealed class FaceCrops(IObjectStore objects, FusionSource fusion)
{
    /// <summary>The best crop of a track as PNG, 256 × 256; null when there is none (any more).</summary>
    public async Task<byte[]?> EncodeBestAsync(string tenant, string analysisId, int trackId, CancellationToken cancellationToken)
    {
        try
        {
            var index = await objects.ReadAsync(ObjectKeys.Index(tenant, analysisId), cancellationToken);
            if (Best(index, trackId, fusion.Current?.QualityGates ?? new QualityGates()) is not { } face) return null;
            await using var stream = await objects.OpenAsync(ObjectKeys.FacePack(tenant, analysisId, face.Shard), cancellationToken);
            var pack = await FacePack.ReadAsync(stream, cancellationToken);
            return face.Row < pack.Crops.Count ? PngEncoder.Encode(pack[face.Row].Span, FacePack.Side, FacePack.Side) : null;
        }
        catch (Exception e) when (e is ObjectNotFoundException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The crop that shows a face best: by quality weight, then by size, then the earliest.</summary>
    public static IndexedFace? Best(FaceIndex index, int trackId, QualityGates gates) =>
        index.Frames.SelectMany(frame => frame.Faces).Where(face => face.TrackId == trackId)
            .OrderByDescending(face => FaceQualityWeight.Of(face.Quality, gates)).ThenByDescending(face => face.Quality.SizePixels)
            .FirstOrDefault();
}
