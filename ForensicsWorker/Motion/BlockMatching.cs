using System.Numerics;
using System.Runtime.InteropServices;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Motion;

/// <summary>Motion by exhaustive search over blocks of 8 pixels: coarse, but without assumptions about what moves.</summary>
public static class BlockMatching
{
    /// <summary>Side of a block in pixels.</summary>
    public const int Side = 8;

    /// <summary>How far is searched, in pixels.</summary>
    public const int Reach = 7;

    /// <summary>What is left of a block after the best shift: mean absolute difference in grey levels.</summary>
    /// <param name="current">Picture whose block is explained.</param>
    /// <param name="before">Picture that explains it.</param>
    /// <param name="x">Left edge of the block; the block lies inside the picture.</param>
    /// <param name="y">Top edge.</param>
    public static float Residual(LumaPlane current, LumaPlane before, int x, int y)
    {
        var best = float.MaxValue;
        for (var dy = Math.Max(-Reach, -y); dy <= Math.Min(Reach, before.Height - Side - y); dy++)
        {
            for (var dx = Math.Max(-Reach, -x); dx <= Math.Min(Reach, before.Width - Side - x); dx++)
                best = Math.Min(best, Difference(current, before, x, y, x + dx, y + dy, best));
        }

        return best / (Side * Side);
    }

    /// <summary>Mean absolute deviation of a block from its mean: what there is to be explained.</summary>
    public static float Texture(LumaPlane plane, int x, int y)
    {
        float sum = 0, deviation = 0;
        for (var row = 0; row < Side; row++)
            foreach (var value in plane.Pixels.AsSpan((y + row) * plane.Width + x, Side)) sum += value;
        var mean = sum / (Side * Side);
        for (var row = 0; row < Side; row++)
            foreach (var value in plane.Pixels.AsSpan((y + row) * plane.Width + x, Side)) deviation += Math.Abs(value - mean);
        return deviation / (Side * Side);
    }

    private static float Difference(LumaPlane a, LumaPlane b, int ax, int ay, int bx, int by, float limit)
    {
        var sum = 0f;
        for (var row = 0; row < Side && sum < limit; row++)
        {
            var left = a.Pixels.AsSpan((ay + row) * a.Width + ax, Side);
            var right = b.Pixels.AsSpan((by + row) * b.Width + bx, Side);
            if (Vector<float>.Count == Side)
            {
                sum += Vector.Sum(Vector.Abs(MemoryMarshal.Read<Vector<float>>(MemoryMarshal.AsBytes(left)) - MemoryMarshal.Read<Vector<float>>(MemoryMarshal.AsBytes(right))));
                continue;
            }

            for (var i = 0; i < Side; i++) sum += Math.Abs(left[i] - right[i]);
        }

        return sum;
    }
}
