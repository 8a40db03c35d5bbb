using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Faces;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Whether faces that are seen together are lit from the same side (<see cref="Shading"/>). Raw measure: the largest difference of
/// direction between two faces in one frame, in degrees, median over the frames; only where both are lit clearly from one side. Lamps
/// nearby, shadows and hats light neighbours differently: this is for a reader.
/// </summary>
public sealed class LightDirectionSignal : IForensicSignal
{
    private const float MinSide = 24, MaxYaw = 0.4f;

    /// <summary>Change of brightness over half a face from which its direction means something.</summary>
    private const double ClearLight = 0.12;

    /// <inheritdoc/>
    public string Name => "light_direction";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((60, 0), (120, 0.5), (180, 0.8));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Index is not { } index || index.Frames.Count != material.Thumbnails.Frames.Count) return Measurement.NotApplicable("The index of faces cannot be read.");
        var frames = material.Thumbnails.Frames;
        var scale = frames.Count > 0 && index.Width > 0 ? (float)frames[0].Width / index.Width : 1;
        var angles = new List<(double Degrees, IndexedFace Face, double Seconds)>();
        var several = false;
        for (var i = 0; i < frames.Count; i++)
        {
            several |= index.Frames[i].Faces.Count > 1;
            if (Widest(frames[i], index.Frames[i], scale) is { } widest) angles.Add((widest.Degrees, widest.Face, index.Frames[i].Seconds));
        }

        if (angles.Count == 0)
            return Measurement.NotApplicable(several ? "The faces are too small, turned away or lit from the front." : "No two faces are seen together.");
        var raw = RobustStatistics.Median(angles.Select(angle => angle.Degrees).ToArray());
        var score = calibration.Score(raw);
        var place = angles.MaxBy(angle => angle.Degrees);
        return Measurement.Of(
            raw,
            score,
            string.Create(CultureInfo.InvariantCulture, $"The light on faces seen together differs by {raw:0} degrees{(score < 0.5 ? "" : ", as if they had not stood together")}."),
            ("degrees", raw), ("frames", angles.Count)) with
        {
            Places = score < 0.5 ? [] :
                [new SignalPlace { TrackId = place.Face.TrackId, StartSeconds = place.Seconds, EndSeconds = place.Seconds, Box = place.Face.Box, Value = Math.Round(place.Degrees, 1) }],
        };
    }

    private static (double Degrees, IndexedFace Face)? Widest(LumaPlane plane, IndexedFrame frame, float scale)
    {
        var lit = frame.Faces
            .Where(face => Math.Abs(face.Quality.Yaw) <= MaxYaw && Math.Max(face.Box.Width, face.Box.Height) * scale >= MinSide)
            .Select(face => (Face: face, Shading: Shading.Of(plane, new Box(face.Box.X * scale, face.Box.Y * scale, face.Box.Width * scale, face.Box.Height * scale))))
            .Where(face => face.Shading is { Strength: >= ClearLight })
            .ToList();
        (double Degrees, IndexedFace Face)? widest = null;
        for (var i = 0; i < lit.Count; i++)
        {
            for (var j = i + 1; j < lit.Count; j++)
            {
                var angle = lit[i].Shading!.Value.AngleTo(lit[j].Shading!.Value);
                if (angle >= (widest?.Degrees ?? 0)) widest = (angle, lit[j].Face);
            }
        }

        return widest;
    }
}
