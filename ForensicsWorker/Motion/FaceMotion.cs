using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;

namespace Deepfake.ForensicsWorker.Motion;

/// <summary>What motion does not explain of one step, by zone, as a share of the zone's texture.</summary>
/// <param name="From">Time of the frame before, seconds.</param>
/// <param name="To">Time of the frame, seconds.</param>
/// <param name="Face">Box in source pixels.</param>
/// <param name="Inside">Median over the blocks of the face.</param>
/// <param name="Border">Over those between face and surroundings.</param>
/// <param name="Around">Over those near the face.</param>
internal readonly record struct MotionStep(double From, double To, Box Face, double Inside, double Border, double Around);

/// <summary>
/// Motion of the face that is seen most often, between sampled frames that lie close enough in time to be compared. The picture before is shifted
/// block by block to explain the picture (<see cref="BlockMatching"/>); what remains, over what there was, is compared between zones.
/// </summary>
/// <param name="TrackId">The face; 0 where there is none.</param>
/// <param name="Steps">Its steps, by time.</param>
/// <param name="Reason">Why there are none; empty where there are.</param>
internal sealed record FaceMotion(int TrackId, IReadOnlyList<MotionStep> Steps, string Reason)
{
    /// <summary>Seconds between two frames beyond which a face has moved on.</summary>
    public const double LongestGap = 0.25;

    private const int MinSteps = 6, MinBlocks = 4;
    private const float MinSide = 40, Near = 2.2f;

    /// <summary>Grey levels that codecs change a block by; keeps plain blocks from deciding.</summary>
    private const float CodecNoise = 2;

    /// <summary>Measures every pair of neighbouring frames that shows the face.</summary>
    public static FaceMotion Measure(ForensicMaterial material)
    {
        if (material.Kind == MediaKind.Image) return new FaceMotion(0, [], "A still image does not move.");
        if (material.Index is not { } index || index.Frames.Count != material.Thumbnails.Frames.Count) return new FaceMotion(0, [], "The index of faces cannot be read.");
        var tracks = index.Frames.SelectMany(frame => frame.Faces).GroupBy(face => face.TrackId).ToList();
        if (tracks.Count == 0) return new FaceMotion(0, [], "No face was found.");
        var track = tracks.OrderByDescending(group => group.Count()).ThenBy(group => group.Key).First().Key;

        var frames = material.Thumbnails.Frames;
        var scale = index.Width > 0 ? (float)frames[0].Width / index.Width : 1;
        var steps = new List<MotionStep>();
        var small = false;
        for (var i = 1; i < frames.Count; i++)
        {
            if (index.Frames[i].Seconds - index.Frames[i - 1].Seconds > LongestGap) continue;
            if (Face(index.Frames[i], track) is not { } face || Face(index.Frames[i - 1], track) is null) continue;
            small |= Math.Max(face.Width, face.Height) * scale < MinSide;
            if (Step(frames[i], frames[i - 1], Scaled(face, scale)) is not { } zones) continue;
            steps.Add(new MotionStep(index.Frames[i - 1].Seconds, index.Frames[i].Seconds, face, zones.Inside, zones.Border, zones.Around));
        }

        if (steps.Count >= MinSteps) return new FaceMotion(track, steps, "");
        return new FaceMotion(track, [], small ? "The face is too small in the picture to follow it." : $"Sampled frames lie more than {LongestGap.ToString(System.Globalization.CultureInfo.InvariantCulture)} s apart, or the face is seldom seen.");
    }

    private static Box? Face(IndexedFrame frame, int track)
    {
        foreach (var face in frame.Faces)
            if (face.TrackId == track) return face.Box;
        return null;
    }

    private static Box Scaled(Box box, float scale) => new(box.X * scale, box.Y * scale, box.Width * scale, box.Height * scale);

    private static (double Inside, double Border, double Around)? Step(LumaPlane current, LumaPlane before, Box face)
    {
        if (!(Math.Max(face.Width, face.Height) >= MinSide)) return null;
        var ellipse = new FaceEllipse(face);
        List<double> inside = [], border = [], around = [];
        const int side = BlockMatching.Side;
        for (var y = 0; y + side <= current.Height; y += side)
        {
            for (var x = 0; x + side <= current.Width; x += side)
            {
                var distance = ellipse.Distance(x + side / 2f, y + side / 2f);
                if (distance > Near) continue;
                var zone = distance < FaceEllipse.Inside ? inside : distance < FaceEllipse.Outside ? border : around;
                zone.Add(BlockMatching.Residual(current, before, x, y) / (BlockMatching.Texture(current, x, y) + CodecNoise));
            }
        }

        if (inside.Count < MinBlocks || border.Count < MinBlocks || around.Count < MinBlocks) return null;
        return (RobustStatistics.Median(inside.ToArray()), RobustStatistics.Median(border.ToArray()), RobustStatistics.Median(around.ToArray()));
    }
}
