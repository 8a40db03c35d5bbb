using Deepfake.Contracts;

namespace Deepfake.FrameService.Faces;

/// <summary>Turns overlapping candidates into one face each.</summary>
internal static class NonMaximumSuppression
{
    /// <summary>
    /// Weighted suppression as MediaPipe does it: the candidates that overlap the best one by more than <paramref name="overlap"/>
    /// (intersection over union) are averaged with their scores as weights; the result keeps the best score. Best first.
    /// </summary>
    public static List<DetectedFace> Weighted(List<DetectedFace> candidates, float overlap)
    {
        var rest = candidates.OrderByDescending(face => face.Confidence).ThenBy(face => face.Box.X).ThenBy(face => face.Box.Y).ToList();
        var faces = new List<DetectedFace>();
        while (rest.Count > 0)
        {
            var best = rest[0];
            var cluster = rest.FindAll(face => ReferenceEquals(face, best) || IntersectionOverUnion(best.Box, face.Box) > overlap);
            rest.RemoveAll(cluster.Contains);
            faces.Add(Average(best, cluster));
        }

        return faces;
    }

    /// <summary>
    /// Plain suppression of what several views saw of the same face: the better one stays. A part of a face that a tile cut off lies
    /// inside the whole face, so overlap is measured against the smaller box too.
    /// </summary>
    public static List<DetectedFace> AcrossViews(IEnumerable<DetectedFace> faces, float overlap)
    {
        var kept = new List<DetectedFace>();
        foreach (var face in faces.OrderByDescending(face => face.Confidence).ThenBy(face => face.Box.X).ThenBy(face => face.Box.Y))
        {
            if (!kept.Exists(other => IntersectionOverUnion(other.Box, face.Box) > overlap || IntersectionOverSmaller(other.Box, face.Box) > 0.6f))
                kept.Add(face);
        }

        return kept;
    }

    /// <summary>Intersection over union of two boxes, [0,1].</summary>
    public static float IntersectionOverUnion(Box a, Box b)
    {
        var common = Intersection(a, b);
        return common <= 0 ? 0 : common / (a.Width * a.Height + b.Width * b.Height - common);
    }

    private static float IntersectionOverSmaller(Box a, Box b) => Intersection(a, b) / Math.Min(a.Width * a.Height, b.Width * b.Height);

    private static float Intersection(Box a, Box b)
    {
        var width = Math.Min(a.X + a.Width, b.X + b.Width) - Math.Max(a.X, b.X);
        var height = Math.Min(a.Y + a.Height, b.Y + b.Height) - Math.Max(a.Y, b.Y);
        return width > 0 && height > 0 ? width * height : 0;
    }

    private static DetectedFace Average(DetectedFace best, List<DetectedFace> cluster)
    {
        if (cluster.Count == 1) return best;
        float x = 0, y = 0, width = 0, height = 0, total = 0;
        var landmarks = new float[best.Landmarks.Length];
        foreach (var face in cluster)
        {
            var weight = face.Confidence;
            total += weight;
            x += weight * face.Box.X;
            y += weight * face.Box.Y;
            width += weight * face.Box.Width;
            height += weight * face.Box.Height;
            for (var i = 0; i < landmarks.Length; i++) landmarks[i] += weight * face.Landmarks[i];
        }

        for (var i = 0; i < landmarks.Length; i++) landmarks[i] /= total;
        return best with { Box = new Box(x / total, y / total, width / total, height / total), Landmarks = landmarks };
    }
}
