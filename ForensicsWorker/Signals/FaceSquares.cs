using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>The squares of all windows that hold decoded pixels one to one.</summary>
internal static class FaceSquares
{
    /// <summary>Source pixels a window pixel may stand for: a frame that was scaled to be decoded has lost what is looked for.</summary>
    private const float MaxScale = 1.02f;

    /// <summary>The squares, or why there are none.</summary>
    public static (IReadOnlyList<(FaceSquare Square, int Window)> Squares, string Reason) Of(ForensicMaterial material)
    {
        var windows = material.Frames.Windows;
        var squares = new List<(FaceSquare, int)>();
        var scaled = 0;
        for (var i = 0; i < windows.Count; i++)
        {
            var plane = material.Plane(i);
            if (windows[i].Origin.Width > MaxScale * plane.Width) scaled++;
            else if (FaceSquare.Of(plane, windows[i].Face) is { } square) squares.Add((square, i));
        }

        return (squares, squares.Count > 0 ? "" : windows.Count == 0 ? "No face was found."
            : scaled > 0 ? "The frames are too large to be decoded pixel for pixel."
            : $"Every face is smaller than {FaceSquare.MinSide} pixels.");
    }
}
