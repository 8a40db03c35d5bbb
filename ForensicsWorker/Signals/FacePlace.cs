using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>Points at the face of a window.</summary>
internal static class FacePlace
{
    private const int Decimals = 4;

    /// <summary>The place in source pixels.</summary>
    public static SignalPlace Of(FaceWindow window, double value, float scale = 1) => new()
    {
        TrackId = window.TrackId,
        StartSeconds = window.Seconds,
        EndSeconds = window.Seconds,
        Box = new Box(
            MathF.Round(window.Origin.X + scale * window.Face.X, 1), MathF.Round(window.Origin.Y + scale * window.Face.Y, 1),
            MathF.Round(scale * window.Face.Width, 1), MathF.Round(scale * window.Face.Height, 1)),
        Value = Math.Round(value, Decimals),
    };
}
