using System.Numerics;
using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>A square in the middle of a face whose side is a power of two.</summary>
/// <param name="Luma">side · side numbers.</param>
/// <param name="Side">64, 128 or 256.</param>
/// <param name="X">Left edge in the window.</param>
/// <param name="Y">Top edge in the window.</param>
public readonly record struct FaceSquare(float[] Luma, int Side, int X, int Y)
{
    /// <summary>Smallest side.</summary>
    public const int MinSide = 64;

    private const int MaxSide = 256;

    /// <summary>The largest one that the face and the window allow; null below <see cref="MinSide"/>.</summary>
    public static FaceSquare? Of(LumaPlane plane, Box face)
    {
        if (!float.IsFinite(face.X + face.Y + face.Width + face.Height)) return null;
        var room = Math.Min(Math.Min(plane.Width, plane.Height), (int)Math.Clamp(Math.Max(face.Width, face.Height), 0, MaxSide));
        if (room < MinSide) return null;
        var side = 1 << BitOperations.Log2((uint)room);
        var x = Math.Clamp((int)Math.Clamp(face.X + face.Width / 2 - side / 2f, 0, plane.Width), 0, plane.Width - side);
        var y = Math.Clamp((int)Math.Clamp(face.Y + face.Height / 2 - side / 2f, 0, plane.Height), 0, plane.Height - side);
        return new FaceSquare(plane.Square(x, y, side), side, x, y);
    }
}
