namespace Deepfake.InferenceWorker.Inference;

/// <summary>The batch sizes that networks run with: a few fixed ones, so that memory plans and kernels are made once.</summary>
public static class BatchBuckets
{
    private static readonly int[] All = [1, 4, 8, 16, 32, 64];

    /// <summary>The largest batch there is.</summary>
    public const int Largest = 64;

    /// <summary>The sizes up to a maximum, ascending; the maximum itself is one of them.</summary>
    public static int[] UpTo(int maximum) => [.. All.Where(size => size < maximum), Math.Clamp(maximum, 1, Largest)];

    /// <summary>
    /// The bucket for the next run: the smallest that holds everything, or the largest that is filled when the former would run too
    /// much padding.
    /// </summary>
    /// <param name="pending">Crops that wait, ≥ 1.</param>
    /// <param name="buckets">Sizes, ascending, the first one 1 unless the network's batch is fixed.</param>
    /// <param name="padding">Share of a bucket that may be padding: small where a run costs by the crop (CPU), 1 where it does not.</param>
    public static int Choose(int pending, ReadOnlySpan<int> buckets, double padding)
    {
        var chosen = buckets[0];
        foreach (var bucket in buckets)
        {
            if (bucket <= pending) chosen = bucket;
            else return chosen < pending && bucket - pending <= padding * bucket ? bucket : chosen;
        }

        return chosen;
    }
}
