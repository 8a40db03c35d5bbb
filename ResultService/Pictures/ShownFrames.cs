using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Pictures;

/// <summary>
/// Keeps of a frame pack what will be shown: thumbnails of the frames in which the faces with the highest scores are shown. The rest, up to 20 MB, goes when
/// an analysis ends.
/// </summary>
public sealed class ShownFrames(IObjectStore objects, FusionSource fusion)
{
    /// <summary>Faces of an analysis that are shown in their frames and in the report, at most.</summary>
    public const int MaxFaces = 12;

    /// <summary>Seconds that index and pack may differ by for one frame.</summary>
    private const double SameMoment = 1e-3;

    /// <summary>The faces that are shown: those with the highest scores, highest first.</summary>
    public static IReadOnlyList<FaceTrack> Faces(IReadOnlyList<FaceTrack> tracks) => [.. tracks.OrderByDescending(face => face.Score ?? -1).Take(MaxFaces)];

    /// <summary>
    /// What to show of a face: the moment that its record names, else, while there is no record, the best: by quality weight, then by size, then the
    /// earliest. Null for an unknown face.
    /// </summary>
    public static (IndexedFace Face, double Seconds)? Find(FaceIndex index, int trackId, double? seconds, QualityGates gates) =>
        index.Frames.SelectMany(frame => frame.Faces.Select(face => (face, frame.Seconds))).Where(seen => seen.face.TrackId == trackId)
            .OrderBy(seen => seconds is { } moment ? Math.Abs(seen.Seconds - moment) : 0)
            .ThenByDescending(seen => FaceQualityWeight.Of(seen.face.Quality, gates)).ThenByDescending(seen => seen.face.Quality.SizePixels)
            .Select(seen => ((IndexedFace, double)?)seen).FirstOrDefault();

    /// <summary>The thumbnail of a moment; null where the pack has none.</summary>
    public static Picture? Thumbnail(FramePack pack, double seconds)
    {
        var at = 0;
        while (at < pack.Seconds.Count && Math.Abs(pack.Seconds[at] - seconds) > SameMoment) at++;
        return pack.Thumbnails.Shape is [var count, > 0 and var height, > 0 and var width, 3] && at < Math.Min(count, pack.Seconds.Count)
            ? new Picture(pack.Thumbnails.Data.Slice(at * height * width * 3, height * width * 3).ToArray(), width, height)
            : null;
    }

    /// <summary>Puts what will be shown beside the pack. May be done again; a pack that is gone or cannot be read leaves nothing to show.</summary>
    public async Task KeepAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        try
        {
            FramePack pack;
            await using (var stream = await objects.OpenAsync(ObjectKeys.FramePack(tenant, analysis.Id), cancellationToken)) pack = await FramePack.ReadAsync(stream, cancellationToken);
            var index = await objects.ReadAsync(ObjectKeys.Index(tenant, analysis.Id), cancellationToken);
            var gates = fusion.Current?.QualityGates ?? new QualityGates();
            var moments = Faces(analysis.Faces).Select(face => Find(index, face.TrackId, face.PictureSeconds, gates)?.Seconds).OfType<double>().Distinct().Order().ToList();
            var pictures = moments.ConvertAll(second => Thumbnail(pack, second)).OfType<Picture>().ToList();
            if (pictures.Count == 0 || pictures.Count < moments.Count) return;
            using var kept = new MemoryStream();
            await new FramePack
            {
                Thumbnails = new ByteTensor("thumbnails", [pictures.Count, pictures[0].Height, pictures[0].Width, 3], pictures.SelectMany(picture => picture.Rgb).ToArray()),
                Seconds = moments,
                Windows = [],
                WindowPixels = [],
            }.WriteAsync(kept, cancellationToken);
            kept.Position = 0;
            await objects.PutAsync(ObjectKeys.ShownFrames(tenant, analysis.Id), kept, "application/octet-stream", cancellationToken);
        }
        catch (Exception e) when (e is ObjectNotFoundException or InvalidDataException)
        {
            // Evidence for the eye, not for the verdict: the record stands without.
        }
    }
}
