using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Cropping;

/// <summary>
/// The square of a decoded frame around a face that is kept as it is. What the last layers of a generator leave behind, or a painter's coarse
/// grid, is gone once a face is resampled; nothing is enlarged, so that a small face stays small.
/// </summary>
/// <param name="Left">First column, picture pixels.</param>
/// <param name="Top">First row, picture pixels.</param>
/// <param name="Side">Side in picture pixels; a multiple of 8 where the picture has 8 pixels.</param>
public readonly record struct NativeSquare(int Left, int Top, int Side)
{
    /// <summary>Side over the longer side of the face box: the whole head and some of what is around it, as the reference.</summary>
    private const float Margin = 1.9f;

    /// <summary>Side around a small face, where the picture has it: room for a patch.</summary>
    private const int Least = 112;

    private const int Grid = 8;

    /// <summary>Bytes of its pixels.</summary>
    public int Bytes => Side * Side * 3;

    /// <summary>The square of a face, inside the picture.</summary>
    public static NativeSquare Of(DetectedFace face, int width, int height)
    {
        var wished = Math.Clamp((int)(Margin * face.Size), Least, FacePack.NativeSide);
        var side = Math.Min(wished, Math.Min(width, height));
        if (side >= Grid) side -= side % Grid;
        return new NativeSquare(Start(face.Box.X + face.Box.Width / 2, side, width), Start(face.Box.Y + face.Box.Height / 2, side, height), side);
    }

    /// <summary>Copies its pixels.</summary>
    /// <param name="picture">The picture that it is a square of.</param>
    /// <param name="pixels">Takes <see cref="Bytes"/> bytes of RGB, row after row.</param>
    public void Copy(RgbView picture, Span<byte> pixels)
    {
        for (var y = 0; y < Side; y++) picture.Row(Top + y).Slice(Left * 3, Side * 3).CopyTo(pixels[(y * Side * 3)..]);
    }

    /// <summary>Where points of the picture (x, y pairs) lie in it.</summary>
    public float[] Inside(ReadOnlySpan<float> points)
    {
        var moved = new float[points.Length];
        for (var i = 0; i < points.Length; i += 2) (moved[i], moved[i + 1]) = (points[i] - Left, points[i + 1] - Top);
        return moved;
    }

    private static int Start(float middle, int side, int room) => (int)Math.Clamp(MathF.Round(middle - side / 2f), 0, room - side);
}
