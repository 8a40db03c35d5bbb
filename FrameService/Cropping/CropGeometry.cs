using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Cropping;

/// <summary>
/// The similarity transform between a picture and a crop: a square of <see cref="Side"/> picture pixels around a centre, turned by
/// <see cref="Angle"/> so that the eyes are level, onto <see cref="FacePack.Side"/> × <see cref="FacePack.Side"/> crop pixels.
/// </summary>
/// <param name="CentreX">Middle of the face box, picture pixels.</param>
/// <param name="CentreY">Middle of the face box, picture pixels.</param>
/// <param name="Side">Side of the square in picture pixels.</param>
/// <param name="Angle">Tilt of the eye line in radians.</param>
public readonly record struct CropGeometry(float CentreX, float CentreY, float Side, float Angle)
{
    /// <summary>Picture pixels per crop pixel.</summary>
    public float Scale => Side / FacePack.Side;

    /// <summary>The crop of a face.</summary>
    public static CropGeometry Of(DetectedFace face) => new(
        face.Box.X + face.Box.Width / 2, face.Box.Y + face.Box.Height / 2, FacePack.Margin * face.Size, face.EyeAngle);

    /// <summary>Where points of the picture (x, y pairs) lie in the crop.</summary>
    public float[] ToCrop(ReadOnlySpan<float> points)
    {
        var (sin, cos) = MathF.SinCos(Angle);
        var mapped = new float[points.Length];
        for (var i = 0; i < points.Length; i += 2)
        {
            float x = points[i] - CentreX, y = points[i + 1] - CentreY;
            mapped[i] = (cos * x + sin * y) / Scale + FacePack.Side / 2f;
            mapped[i + 1] = (-sin * x + cos * y) / Scale + FacePack.Side / 2f;
        }

        return mapped;
    }
}
