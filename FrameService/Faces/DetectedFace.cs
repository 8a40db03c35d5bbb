using Deepfake.Contracts;

namespace Deepfake.FrameService.Faces;

/// <summary>
/// A face in a picture. Coordinates are pixels of that picture. <see cref="Landmarks"/> holds x, y pairs: right eye, left eye, nose
/// tip, mouth centre, right ear, left ear (12 numbers); "right" is the person's right, the left half of an unmirrored picture.
/// </summary>
/// <param name="Box">Detector's box.</param>
/// <param name="Landmarks">12 numbers.</param>
/// <param name="Confidence">[0,1].</param>
/// <param name="Detector">Name of the detector that saw it.</param>
public sealed record DetectedFace(Box Box, float[] Landmarks, float Confidence, string Detector)
{
    /// <summary>Longer side of the box.</summary>
    public float Size => Math.Max(Box.Width, Box.Height);

    /// <summary>Tilt of the eye line in radians, clockwise positive (y points down).</summary>
    public float EyeAngle => MathF.Atan2(Landmarks[3] - Landmarks[1], Landmarks[2] - Landmarks[0]);

    /// <summary>The same face in a picture <paramref name="factor"/> times as large.</summary>
    public DetectedFace Scale(float factor) => factor == 1 ? this : this with
    {
        Box = new Box(Box.X * factor, Box.Y * factor, Box.Width * factor, Box.Height * factor),
        Landmarks = Array.ConvertAll(Landmarks, value => value * factor),
    };
}
