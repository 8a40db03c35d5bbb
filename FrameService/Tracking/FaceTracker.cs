using Deepfake.FrameService.Faces;

namespace Deepfake.FrameService.Tracking;

/// <summary>
/// Follows faces from sampled frame to sampled frame: the best pairs of (track, face) first, by overlap of boxes and distance of
/// landmarks. Ids start at 1 and are never used twice; the same frames give the same ids.
/// </summary>
public sealed class FaceTracker
{
    /// <summary>Sampled frames a face may be unseen before its track ends.</summary>
    private const int Patience = 6;

    private const float LargestSizeRatio = 2.2f, OverlapAcrossCut = 0.3f;
    private readonly List<Track> _tracks = [];
    private int _frame, _nextId = 1;

    /// <summary>Gives each face of the next frame its track.</summary>
    /// <param name="faces">Faces in source pixels.</param>
    /// <param name="afterCut">Whether the scene changed since the frame before: only what overlaps stays the same track.</param>
    /// <returns>Track ids in the order of the faces.</returns>
    public int[] Assign(IReadOnlyList<DetectedFace> faces, bool afterCut)
    {
        _frame++;
        _tracks.RemoveAll(track => _frame - track.LastFrame > Patience);
        var pairs = new List<(float Affinity, Track Track, int Face)>();
        foreach (var track in _tracks)
        {
            for (var i = 0; i < faces.Count; i++)
            {
                if (Affinity(track.Face, faces[i], afterCut) is { } affinity) pairs.Add((affinity, track, i));
            }
        }

        var ids = new int[faces.Count];
        foreach (var (_, track, face) in pairs.OrderByDescending(pair => pair.Affinity).ThenBy(pair => pair.Track.Id).ThenBy(pair => pair.Face))
        {
            if (ids[face] != 0 || track.LastFrame == _frame) continue;
            ids[face] = track.Id;
            (track.Face, track.LastFrame) = (faces[face], _frame);
        }

        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] != 0) continue;
            ids[i] = _nextId++;
            _tracks.Add(new Track { Id = ids[i], Face = faces[i], LastFrame = _frame });
        }

        return ids;
    }

    /// <summary>How alike two sightings are, higher is more; null when they cannot be the same face.</summary>
    private static float? Affinity(DetectedFace before, DetectedFace now, bool afterCut)
    {
        float larger = Math.Max(before.Size, now.Size), smaller = Math.Min(before.Size, now.Size);
        if (larger > LargestSizeRatio * smaller) return null;
        var overlap = NonMaximumSuppression.IntersectionOverUnion(before.Box, now.Box);
        if (afterCut && overlap < OverlapAcrossCut) return null;
        var distance = LandmarkDistance(before, now) / larger;
        if (overlap <= 0.05f && distance > 1) return null;
        return overlap + Math.Max(0, 1 - distance) + 0.2f * smaller / larger;
    }

    private static float LandmarkDistance(DetectedFace a, DetectedFace b)
    {
        var sum = 0f;
        for (var i = 0; i < a.Landmarks.Length; i += 2) sum += float.Hypot(a.Landmarks[i] - b.Landmarks[i], a.Landmarks[i + 1] - b.Landmarks[i + 1]);
        return sum / (a.Landmarks.Length / 2);
    }

    private sealed class Track
    {
        public required int Id { get; init; }

        public required DetectedFace Face { get; set; }

        public required int LastFrame { get; set; }
    }
}
