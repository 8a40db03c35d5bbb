using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

public sealed class CropBatcherTests : IDisposable
{
    private static readonly RunWatch Watch = new(TimeProvider.System);
    private readonly ModelSession _weighted = TestModels.Load("weighted_nchw");
    private readonly ModelSession _throwing = TestModels.Load("throws_when_bright", ModelSessionTests.PlainPixels);
    private readonly ModelSession _nan = TestModels.Load("nan_when_bright", ModelSessionTests.PlainPixels);

    [Fact]
    public async Task Packs_in_parallel_score_as_one_by_one_and_each_gets_its_own()
    {
        using var batcher = Batcher(_weighted);
        var packs = Enumerable.Range(0, 40).Select(i => TestCrops.Pack([.. Enumerable.Range(0, 1 + i % 13).Select(j => TestCrops.Pattern(i * 3 + j))])).ToArray();
        var expected = new List<IReadOnlyList<float>>();
        foreach (var pack in packs) expected.Add((await Score(batcher, pack))[0].Scores);

        var together = await Task.WhenAll(packs.Select(pack => Task.Run(async () =>
        {
            using var announcement = batcher.Announce();
            return (await batcher.ScoreAsync(pack, Lane.Batch, announcement, default)).Models;
        })));
        for (var i = 0; i < packs.Length; i++)
        {
            Assert.Equal(packs[i].Crops.Count, together[i][0].Scores.Count);
            for (var j = 0; j < packs[i].Crops.Count; j++) Assert.Equal(expected[i][j], together[i][0].Scores[j], 1e-5f);
        }
    }

    [Fact]
    public async Task A_model_that_fails_is_named_and_the_rest_scores()
    {
        var log = new ListLogger();
        using var batcher = new CropBatcher([_throwing, _weighted], TestModels.Shape, TimeSpan.Zero, Watch, log);
        var scores = await Score(batcher, TestCrops.Pack(TestCrops.Flat(250), TestCrops.Flat(10)));
        Assert.Equal("the model failed while running", scores[0].Error);
        Assert.Empty(scores[0].Scores);
        Assert.Null(scores[1].Error);
        Assert.Equal(2, scores[1].Scores.Count);
        Assert.Contains(log.Warnings, line => line.Contains("throws-when-bright", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pack_that_breaks_a_model_costs_its_neighbours_nothing()
    {
        using var batcher = Batcher(_throwing, _nan);
        FacePack bright = TestCrops.Pack(TestCrops.Flat(250)), dark = TestCrops.Pack(TestCrops.Flat(10));
        for (var round = 0; round < 20; round++)
        {
            var results = await Task.WhenAll(Score(batcher, dark), Score(batcher, bright), Score(batcher, dark));
            Assert.All(results[1], model => Assert.NotNull(model.Error));
            Assert.All(results[0].Concat(results[2]), model => Assert.Null(model.Error));
        }
    }

    [Fact]
    public async Task A_score_that_is_not_a_number_is_an_error()
    {
        using var batcher = Batcher(_nan);
        var scores = await Score(batcher, TestCrops.Pack(TestCrops.Flat(10), TestCrops.Flat(250)));
        Assert.Equal("the model gave a value that is not a number", scores[0].Error);
        Assert.Empty(scores[0].Scores);
    }

    [Fact]
    public async Task Without_models_the_answer_is_empty()
    {
        using var batcher = Batcher();
        Assert.Empty(await Score(batcher, TestCrops.Pack(TestCrops.Flat(10))));
    }

    [Fact]
    public async Task An_empty_pack_has_no_scores_and_no_error()
    {
        using var batcher = Batcher(_weighted);
        var scores = Assert.Single(await Score(batcher, TestCrops.Pack()));
        Assert.Empty(scores.Scores);
        Assert.Null(scores.Error);
    }

    [Fact]
    public async Task A_cancelled_pack_ends_at_once_and_the_next_ones_go_on()
    {
        using var batcher = Batcher(_weighted);
        var large = TestCrops.Pack([.. Enumerable.Repeat(TestCrops.Pattern(0), 200)]);
        using var cancellation = new CancellationTokenSource();
        var first = batcher.ScoreAsync(large, Lane.Batch, null, cancellation.Token);
        var second = batcher.ScoreAsync(large, Lane.Batch, null, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        try
        {
            await first;
        }
        catch (OperationCanceledException)
        {
            // It may have been done before.
        }

        Assert.Single((await Score(batcher, TestCrops.Pack(TestCrops.Pattern(1))))[0].Scores);
    }

    [Fact]
    public async Task A_single_pack_waits_for_nobody()
    {
        using var batcher = new CropBatcher([_weighted], TestModels.Shape, TimeSpan.FromSeconds(30), Watch, NullLogger.Instance);
        using var announcement = batcher.Announce();
        await batcher.ScoreAsync(TestCrops.Pack(TestCrops.Pattern(0)), Lane.Interactive, announcement, default).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task An_announced_pack_is_waited_for_and_no_longer_than_told()
    {
        using var batcher = new CropBatcher([_weighted], TestModels.Shape, TimeSpan.FromMilliseconds(300), Watch, NullLogger.Instance);
        using var announcement = batcher.Announce();
        var began = Stopwatch.GetTimestamp();
        await batcher.ScoreAsync(TestCrops.Pack(TestCrops.Pattern(0)), Lane.Interactive, null, default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 290, 20_000);
    }

    [Fact]
    public async Task A_stopped_batcher_ends_what_waits()
    {
        var batcher = Batcher(_weighted);
        var large = TestCrops.Pack([.. Enumerable.Repeat(TestCrops.Pattern(0), 500)]);
        var waiting = Enumerable.Range(0, 4).Select(_ => batcher.ScoreAsync(large, Lane.Batch, null, default)).ToList();
        batcher.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting[^1].WaitAsync(TimeSpan.FromSeconds(20)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => batcher.ScoreAsync(large, Lane.Batch, null, default));
    }

    [Fact]
    public async Task Scores_of_a_large_shard_stay_within_a_message()
    {
        using var batcher = Batcher(_weighted, _nan);
        var scores = await Score(batcher, TestCrops.Pack([.. Enumerable.Range(0, 64).Select(TestCrops.Pattern)]));
        Assert.All(scores[0].Scores, score => Assert.InRange(score, 0, 1));
        Assert.True(System.Text.Json.JsonSerializer.Serialize(scores).Length < 2048);
    }

    public void Dispose()
    {
        _weighted.Dispose();
        _throwing.Dispose();
        _nan.Dispose();
    }

    private static CropBatcher Batcher(params ModelSession[] sessions) => new(sessions, TestModels.Shape, TimeSpan.FromMilliseconds(2), Watch, NullLogger.Instance);

    private static async Task<IReadOnlyList<ModelScores>> Score(CropBatcher batcher, FacePack pack) => (await batcher.ScoreAsync(pack, Lane.Interactive, null, default)).Models;
}
