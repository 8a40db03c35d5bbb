using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>The ellipse in a face's box: eyes to chin, ear to ear.</summary>
/// <param name="Face">The box.</param>
public readonly record struct FaceEllipse(Box Face)
{
    /// <summary>Within it lies face and nothing else.</summary>
    public const float Inside = 0.85f;

    /// <summary>Beyond it lies what surrounds the face. Between the two are hair, ears and the seam of a swap.</summary>
    public const float Outside = 1.3f;

    /// <summary>How far a point lies from the middle: 1 on the ellipse.</summary>
    public float Distance(float x, float y)
    {
        var dx = (x - Face.X - Face.Width / 2) / (Face.Width / 2);
        var dy = (y - Face.Y - Face.Height / 2) / (Face.Height / 2);
        return MathF.Sqrt(dx * dx + dy * dy);
    }
}
