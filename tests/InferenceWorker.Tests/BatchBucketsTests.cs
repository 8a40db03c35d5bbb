using Deepfake.InferenceWorker.Inference;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

public sealed class BatchBucketsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 4)]
    [InlineData(5, 4)]
    [InlineData(6, 8)]
    [InlineData(9, 8)]
    [InlineData(48, 64)]
    [InlineData(1000, 64)]
    public void A_processor_pads_a_quarter_at_most(int pending, int bucket) =>
        Assert.Equal(bucket, BatchBuckets.Choose(pending, BatchBuckets.UpTo(64), 0.25));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 4)]
    [InlineData(9, 16)]
    [InlineData(33, 64)]
    [InlineData(1000, 64)]
    public void A_gpu_pads_to_the_next_bucket(int pending, int bucket) =>
        Assert.Equal(bucket, BatchBuckets.Choose(pending, BatchBuckets.UpTo(64), 1));

    [Fact]
    public void A_fixed_batch_is_the_only_bucket() => Assert.Equal(4, BatchBuckets.Choose(1, [4], 0.25));
}
