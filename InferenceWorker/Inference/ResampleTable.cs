namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Taps of an antialiased linear resampling along one axis: a triangle whose support grows with the reduction, normalised at the
/// edges. The same filter as Pillow's <c>BILINEAR</c> with <c>box</c> and torch's <c>interpolate(antialias=True)</c>.
/// </summary>
public sealed class ResampleTable
{
    private ResampleTable(int[] first, int[] count, float[][] weights)
    {
        First = first;
        Count = count;
        Weights = weights;
    }

    /// <summary>First source sample of each target sample.</summary>
    public int[] First { get; }

    /// <summary>How many source samples each target sample takes, ≥ 1.</summary>
    public int[] Count { get; }

    /// <summary>Their weights; each row sums to 1.</summary>
    public float[][] Weights { get; }

    /// <summary>First source sample that any target sample takes.</summary>
    public int Begin => First[0];

    /// <summary>One past the last source sample that any target sample takes.</summary>
    public int End => First[^1] + Count[^1];

    /// <summary>Makes the taps.</summary>
    /// <param name="source">Samples of the source.</param>
    /// <param name="origin">Where the window begins in source samples, ≥ 0.</param>
    /// <param name="length">Length of the window in source samples; origin + length ≤ source.</param>
    /// <param name="target">Samples of the target, ≥ 1.</param>
    public static ResampleTable Create(int source, double origin, double length, int target)
    {
        var scale = length / target;
        var support = Math.Max(scale, 1);
        int[] first = new int[target], count = new int[target];
        var weights = new float[target][];
        for (var i = 0; i < target; i++)
        {
            var centre = origin + (i + 0.5) * scale;
            var begin = Math.Max((int)(centre - support + 0.5), 0);
            var end = Math.Min((int)(centre + support + 0.5), source);
            var taps = new double[end - begin];
            for (var k = 0; k < taps.Length; k++) taps[k] = Math.Max(0, 1 - Math.Abs((begin + k - centre + 0.5) / support));
            var sum = taps.Sum();
            first[i] = begin;
            count[i] = taps.Length;
            weights[i] = Array.ConvertAll(taps, t => (float)(t / sum));
        }

        return new ResampleTable(first, count, weights);
    }
}
