namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Where the patches of the texture view lie in a native square: eyes, nose, mouth, cheeks, chin, jaw, forehead, from the middle outwards; of places that
/// would show nearly the same, one. The same as <c>training/texture/patches.py</c>, which the nets were trained with.
/// </summary>
internal static class PatchPlaces
{
    // (rise, side) of a face frame.
    private static readonly (double Rise, double Side)[] Places =
        [(0, -0.5), (0, 0.5), (-0.5, 0), (-1, 0), (-0.6, -0.6), (-0.6, 0.6), (-1.45, 0), (-1.2, -0.6), (-1.2, 0.6), (0.6, 0)];

    /// <summary>How many there are at most.</summary>
    public const int Most = 10;

    /// <summary>Finds the left upper corners of patches, which lie inside a square that is at least as large as they are.</summary>
    /// <param name="landmarks">Six points of the face as x, y pairs, in pixels of the native square.</param>
    /// <param name="side">Side of the native square; a patch that is larger gets a square of its own size, mirrored at the edges.</param>
    /// <param name="size">Side of a patch.</param>
    /// <param name="corners">Takes them; its length is how many are wanted.</param>
    /// <returns>How many were found, at least one.</returns>
    public static int Find(IReadOnlyList<float> landmarks, int side, int size, Span<(int Left, int Top)> corners)
    {
        var frame = new FaceFrame(landmarks);
        var (room, found) = (Math.Max(side, size) - size, 0);
        foreach (var (rise, across) in Places)
        {
            if (found == corners.Length) break;
            var (x, y) = frame.At(rise, across);
            var corner = (Left: Start(x, size, room), Top: Start(y, size, room));
            if (!Shows(corners[..found], corner, size / 3)) corners[found++] = corner;
        }

        return found;
    }

    private static bool Shows(ReadOnlySpan<(int Left, int Top)> corners, (int Left, int Top) corner, int near)
    {
        foreach (var (left, top) in corners)
        {
            if (Math.Max(Math.Abs(corner.Left - left), Math.Abs(corner.Top - top)) < near) return true;
        }

        return false;
    }

    private static int Start(double middle, int size, int room) => (int)Math.Clamp(Math.Round(middle - size / 2.0), 0, room);
}
