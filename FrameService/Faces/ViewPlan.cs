namespace Deepfake.FrameService.Faces;

/// <summary>Which square views of a picture a detector looks at.</summary>
internal static class ViewPlan
{
    /// <summary>The whole picture in one square, its content in the middle.</summary>
    public static SquareView Whole(int width, int height)
    {
        var side = Math.Max(width, height);
        return new SquareView((width - side) / 2f, (height - side) / 2f, side);
    }

    /// <summary>The whole picture with a wide border: a face that fills the picture gets the surroundings detectors were trained with.</summary>
    public static SquareView Loose(int width, int height)
    {
        var side = 1.7f * Math.Max(width, height);
        return new SquareView((width - side) / 2, (height - side) / 2, side);
    }

    /// <summary>
    /// Square tiles of 1/<paramref name="parts"/> of the longer side and a quarter more, overlapping by at least a fifth of a tile, so
    /// that a face up to that size is whole in one of them. Rows and columns as the picture's shape needs.
    /// </summary>
    public static IEnumerable<SquareView> Tiles(int width, int height, int parts)
    {
        var side = Math.Min(1.25f * Math.Max(width, height) / parts, Math.Max(width, height));
        int columns = Count(width, side), rows = Count(height, side);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
                yield return new SquareView(Offset(width, side, column, columns), Offset(height, side, row, rows), side);
        }
    }

    private static int Count(float length, float side) => length <= side ? 1 : 1 + (int)MathF.Ceiling((length - side) / (0.8f * side));

    private static float Offset(float length, float side, int index, int count) => count == 1 ? (length - side) / 2 : index * (length - side) / (count - 1);
}
