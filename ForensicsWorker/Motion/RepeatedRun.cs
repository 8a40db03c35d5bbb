using System.Numerics.Tensors;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Motion;

/// <summary>A stretch of a moving medium that is shown again.</summary>
/// <param name="Start">Where it begins, seconds.</param>
/// <param name="End">Where it ends, seconds.</param>
/// <param name="Delay">Seconds from the one showing to the other.</param>
/// <param name="Samples">Sampled frames that agree.</param>
public readonly record struct RepeatedRun(double Start, double End, double Delay, int Samples)
{
    private const int Columns = 16, MinSamples = 4, StepsPerSample = 10;

    /// <summary>Share of a frame's distance to its neighbours that a repetition may differ by, and that distance in grey levels at least.</summary>
    private const double LikeShare = 0.6, Moving = 0.15;

    /// <summary>
    /// The one that fits best over all its samples; null for none. Samples lie apart in time, and a repetition hardly begins on one of them: every delay is tried in steps
    /// of a tenth of their distance, against the frame that lies there, mixed of the two samples around it. A repetition fits far better
    /// than a frame fits its own neighbours, over several samples at one delay; where nothing moves nothing is concluded.
    /// </summary>
    public static RepeatedRun? Find(Thumbnails thumbnails)
    {
        var (frames, seconds) = (thumbnails.Frames, thumbnails.Seconds);
        if (frames.Count < 2 * MinSamples) return null;
        var small = frames.Select(Shrink).ToArray();
        var spacing = (seconds[^1] - seconds[0]) / (frames.Count - 1);
        if (!(spacing > 0)) return null;
        var limits = Limits(small);
        var mixed = new float[small[0].Length];
        RepeatedRun? best = null;
        double bestFit = 0;
        for (var delay = 2 * spacing; delay <= seconds[^1] - seconds[0] - (MinSamples - 1) * spacing + 1e-9; delay += spacing / StepsPerSample)
        {
            int from = -1, after = 0;
            double fit = 0;
            for (var i = 0; i <= small.Length; i++)
            {
                while (i < small.Length && after < small.Length && seconds[after] < seconds[i] + delay - 1e-9) after++;
                var share = i < small.Length && after < small.Length && after > i && limits[i] > 0
                    ? 1 - Distance(small, seconds, after, seconds[i] + delay, small[i], mixed) / limits[i]
                    : 0;
                if (share > 0)
                {
                    if (from < 0) (from, fit) = (i, 0);
                    fit += share;
                    continue;
                }

                // Longer than its delay would be a slow scene that resembles itself.
                if (from >= 0 && i - from >= MinSamples && fit > bestFit && seconds[i - 1] - seconds[from] <= delay)
                    (best, bestFit) = (new RepeatedRun(seconds[from], seconds[i - 1], delay, i - from), fit);
                from = -1;
            }
        }

        return best;
    }

    /// <summary>How near a frame has to be to count as repeated; 0 where too little moves to tell.</summary>
    private static double[] Limits(float[][] small)
    {
        var limits = new double[small.Length];
        for (var i = 0; i < limits.Length; i++)
        {
            var before = i > 0 ? RootMeanSquare(small[i], small[i - 1]) : double.MaxValue;
            var behind = i + 1 < small.Length ? RootMeanSquare(small[i], small[i + 1]) : double.MaxValue;
            var step = Math.Min(before, behind);
            limits[i] = step > Moving ? LikeShare * step : 0;
        }

        return limits;
    }

    private static double Distance(float[][] small, IReadOnlyList<double> seconds, int after, double at, float[] frame, float[] mixed)
    {
        var before = after - 1;
        var share = (float)Math.Clamp((at - seconds[before]) / (seconds[after] - seconds[before]), 0, 1);
        TensorPrimitives.Subtract(small[after], small[before], mixed);
        TensorPrimitives.MultiplyAdd(mixed, share, small[before], mixed);
        return RootMeanSquare(mixed, frame);
    }

    private static double RootMeanSquare(float[] a, float[] b) => TensorPrimitives.Distance<float>(a, b) / Math.Sqrt(a.Length);

    /// <summary>Means of square cells, the same for every frame: motion between two samples becomes nearly linear in them.</summary>
    private static float[] Shrink(LumaPlane plane)
    {
        var cell = Math.Max(1, plane.Width / Columns);
        int columns = plane.Width / cell, rows = plane.Height / cell;
        var cells = new float[columns * rows];
        for (var y = 0; y < rows * cell; y++)
        {
            for (var x = 0; x < columns; x++)
                cells[y / cell * columns + x] += TensorPrimitives.Sum<float>(plane.Pixels.AsSpan(y * plane.Width + x * cell, cell)) / (cell * cell);
        }

        return cells;
    }
}
