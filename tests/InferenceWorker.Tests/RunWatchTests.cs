using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

public sealed class RunWatchTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(new InferenceOptions().StallSeconds);
    private readonly FakeTimeProvider _time = new();
    private readonly RunWatch _watch;

    public RunWatchTests() => _watch = new RunWatch(_time);

    [Fact]
    public void With_nothing_to_do_nothing_is_missed()
    {
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(TimeSpan.Zero, _watch.Silence);
    }

    [Fact]
    public void Work_that_waits_long_is_no_fault_while_runs_end()
    {
        using var waiting = _watch.Wait();
        for (var i = 0; i < 100; i++)
        {
            using (_watch.Run()) _time.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(TimeSpan.Zero, _watch.Silence);
        }

        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), _watch.Silence);
    }

    [Fact]
    public void A_lane_that_hangs_is_not_hidden_by_the_others()
    {
        using var stuck = _watch.Run();
        for (var i = 0; i < 10; i++)
        {
            using (_watch.Run()) _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(TimeSpan.FromSeconds(10), _watch.Silence);
    }

    [Fact]
    public void A_run_that_hangs_is_not_forgotten_when_those_who_wait_give_up()
    {
        var stuck = _watch.Run();
        using (_watch.Wait()) _time.Advance(TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.FromMinutes(6), _watch.Silence);
        stuck.Dispose();
        stuck.Dispose();
        Assert.Equal(TimeSpan.Zero, _watch.Silence);
    }

    /// <summary>The real thing: a network that never comes to its end.</summary>
    [Fact]
    public async Task A_worker_whose_batches_stop_ending_while_work_waits_is_not_alive()
    {
        using var network = TestModels.Load("loops_when_bright", ModelSessionTests.PlainPixels, TestModels.Shape with { Lanes = 1 });
        using var batcher = new CropBatcher([network], TestModels.Shape with { Lanes = 1 }, TimeSpan.Zero, _watch, NullLogger.Instance);
        await batcher.ScoreAsync(TestCrops.Pack(TestCrops.Flat(10)), Lane.Interactive, null, default);
        _time.Advance(TimeSpan.FromDays(1));
        // The lane ends its run a moment after it has answered.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await StatusAsync() != HealthStatus.Healthy) await Task.Delay(10, patience.Token);

        var scoring = batcher.ScoreAsync(TestCrops.Pack(TestCrops.Flat(250)), Lane.Interactive, null, default);
        _time.Advance(Limit - TimeSpan.FromSeconds(1));
        Assert.Equal(HealthStatus.Healthy, await StatusAsync());
        Assert.False(scoring.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HealthStatus.Unhealthy, await StatusAsync());

        network.Terminate();
        var scored = await scoring.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("the model failed while running", Assert.Single(scored.Models).Error);
    }

    private async Task<HealthStatus> StatusAsync() =>
        (await new RunLivenessCheck(_watch, Options.Create(new InferenceOptions())).CheckHealthAsync(new HealthCheckContext())).Status;
}
