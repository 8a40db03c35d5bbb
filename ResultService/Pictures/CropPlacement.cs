using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ResultService.Pictures;

/// <summary>
/// Where a crop lies in its frame: the inverse of the alignment that <see cref="FacePack"/> describes. A square of <see cref="Side"/> source
/// pixels around the middle of the face box, turned by <see cref="Angle"/>.
/// </summary>
/// <param name="CentreX">Middle of the face box, source pixels.</param>
/// <param name="CentreY">Middle of the face box, source pixels.</param>
/// <param name="Side">Side of the square in source pixels, &gt; 0.</param>
/// <param name="Angle">Tilt of the eyes in radians, clockwise in the picture.</param>
public readonly record struct CropPlacement(float CentreX, float CentreY, float Side, float Angle)
{
    /// <summary>The placement of an indexed face.</summary>
    public static CropPlacement Of(IndexedFace face) => new(
        face.Box.X + face.Box.Width / 2, face.Box.Y + face.Box.Height / 2,
        FacePack.Margin * Math.Max(face.Quality.SizePixels, 1), face.Quality.Roll * MathF.PI / 180);

    /// <summary>Where a point of the frame lies in the crop, in crop pixels; the crop itself is [0, <see cref="FacePack.Side"/>) both ways.</summary>
    public (float X, float Y) ToCrop(float x, float y)
    {
        var (sin, cos) = MathF.SinCos(Angle);
        float dx = x - CentreX, dy = y - CentreY, scale = FacePack.Side / Side;
        return ((cos * dx + sin * dy) * scale + FacePack.Side / 2f, (cos * dy - sin * dx) * scale + FacePack.Side / 2f);
    }

    /// <summary>The upright square of the frame that holds all of the crop.</summary>
    public (float Left, float Top, float Right, float Bottom) Bounds()
    {
        var reach = Side * (MathF.Abs(MathF.Cos(Angle)) + MathF.Abs(MathF.Sin(Angle))) / 2;
        return (CentreX - reach, CentreY - reach, CentreX + reach, CentreY + reach);
    }
}
