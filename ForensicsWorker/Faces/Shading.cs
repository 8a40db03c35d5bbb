using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Faces;

/// <summary>Where a face is lit from, in the picture's plane.</summary>
/// <param name="X">To the right, per mean brightness.</param>
/// <param name="Y">Downwards, per mean brightness.</param>
public readonly record struct Shading(double X, double Y)
{
    private const int MinPixels = 100;

    /// <summary>How one-sided the light is; 0 for light from the camera.</summary>
    public double Strength => Math.Sqrt(X * X + Y * Y);

    /// <summary>
    /// Fits luma = a · (1 + x · right + y · down) over the face. On a convex matt body under one distant light, luma is the product of light and
    /// surface normal, and inside its outline the normal turns with the place (Johnson and Farid 2005 use its border): the slopes give
    /// the light's direction in the picture. Null where there is too little face.
    /// </summary>
    public static Shading? Of(LumaPlane plane, Box face)
    {
        if (!(face.Width > 0 && face.Height > 0)) return null;
        var ellipse = new FaceEllipse(face);
        double n = 0, sum = 0, sumX = 0, sumY = 0, sumXX = 0, sumYY = 0;
        int left = (int)Math.Clamp(face.X, 0, plane.Width), right = (int)Math.Clamp(face.X + face.Width, 0, plane.Width);
        int top = (int)Math.Clamp(face.Y, 0, plane.Height), bottom = (int)Math.Clamp(face.Y + face.Height, 0, plane.Height);
        // Eyes, brows and mouth lie symmetrically to the middle column, not to the middle row: rows mix light with anatomy.
        for (var y = top; y < bottom; y++)
        {
            for (var x = left; x < right; x++)
            {
                if (ellipse.Distance(x, y) > FaceEllipse.Inside) continue;
                double dx = (x - face.X - face.Width / 2) / (face.Width / 2), dy = (y - face.Y - face.Height / 2) / (face.Height / 2), luma = plane.Pixels[y * plane.Width + x];
                n++;
                sum += luma;
                sumX += dx * luma;
                sumY += dy * luma;
                sumXX += dx * dx;
                sumYY += dy * dy;
            }
        }

        if (n < MinPixels || sum < n) return null;
        // The region is symmetric, so means of dx and dy and their product vanish.
        return new Shading(sumX / sumXX / (sum / n), sumY / sumYY / (sum / n));
    }

    /// <summary>Angle to another direction in degrees, 0–180.</summary>
    public double AngleTo(Shading other) =>
        Math.Abs(Math.IEEERemainder(Math.Atan2(Y, X) - Math.Atan2(other.Y, other.X), 2 * Math.PI)) * 180 / Math.PI;
}
