using System.Diagnostics;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.Infrastructure.Tests.Bus;

/// <summary>What the pipeline expects of its bus; run against each transport.</summary>
public abstract class BusContract
{
    private const int TriesInProcess = 3;

    /// <summary>Broker; null for the bus inside the process.</summary>
    protected abstract Task<string?> AmqpAsync();

    [Fact]
    public async Task A_message_reaches_the_queue_of_its_lane_and_no_other()
    {
        var name = NewName();
        await using var host = await StartAsync(services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = name }));

        var ids = new Dictionary<string, Lane>();
        foreach (var lane in Enum.GetValues<Lane>()) ids.Add(await host.SubmitAsync(lane), lane);

        await Eventually.TrueAsync(() => ids.Keys.All(id => host.Probe.Tries(id) > 0), "all arrive");
        var seen = host.Probe.Seen.Where(sighting => ids.ContainsKey(sighting.Message.AnalysisId)).ToList();
        Assert.Equal(3, seen.Count);
        Assert.All(seen, sighting => Assert.Equal($"{name}-{ids[sighting.Message.AnalysisId].ToString().ToLowerInvariant()}", sighting.Queue));
    }

    [Fact]
    public async Task One_queue_can_take_all_lanes()
    {
        var name = NewName();
        await using var host = await StartAsync(services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = name, PerLane = false }));

        var ids = new List<string>();
        foreach (var lane in Enum.GetValues<Lane>()) ids.Add(await host.SubmitAsync(lane));

        await Eventually.TrueAsync(() => ids.TrueForAll(id => host.Probe.Tries(id) == 1), "all arrive");
        Assert.All(host.Probe.Seen, sighting => Assert.Equal(name, sighting.Queue));
    }

    [Fact]
    public async Task Every_message_reads_back_as_it_was_written_and_stays_small()
    {
        await using var host = await StartAsync(services => services.AddPipelineConsumer<EverythingConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false }));
        var id = Analyses.Samples.NewId();
        var sent = Messages.OneOfEach(id);

        foreach (var message in sent) await host.Bus.Publish(message, message.GetType());

        await Eventually.TrueAsync(() => host.Probe.Of<IAnalysisMessage>(id).Count() == sent.Count, "all arrive");
        foreach (var message in sent)
        {
            var read = Assert.Single(host.Probe.Of<IAnalysisMessage>(id), one => one.GetType() == message.GetType());
            Assert.Equal(Text(message), Text(read));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_input_at_fault_ends_its_analysis_once_and_is_not_tried_again(bool afterTimeout)
    {
        await using var host = await StartWorkerAsync();
        // What showed the fault may have been a timeout of a tool, which is a cancellation inside.
        var cause = new InvalidDataException("late", afterTimeout ? new OperationCanceledException() : null);
        host.Probe.Work = (_, _) => throw new AnalysisFaultException(ErrorCodes.Corrupt, "The file cannot be decoded.", cause);

        var id = await host.SubmitAsync();
        var marker = await MarkAsync(host);

        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisFailed>(id).Any() && host.Probe.Of<AnalysisFailed>(marker).Any(), "both fail");
        var failed = Assert.Single(host.Probe.Of<AnalysisFailed>(id));
        Assert.Equal((ErrorCodes.Corrupt, "The file cannot be decoded.", "acme", Lane.Batch), (failed.Code, failed.Detail, failed.Tenant, failed.Lane));
        Assert.Equal(1, host.Probe.Tries(id));
    }

    [Fact]
    public async Task A_short_fault_is_tried_again_in_the_process()
    {
        await using var host = await StartWorkerAsync();
        host.Probe.Work = (attempt, _) => attempt < TriesInProcess ? throw new IOException("short") : Task.CompletedTask;

        var id = await host.SubmitAsync();

        await Eventually.TrueAsync(() => host.Probe.Tries(id) == TriesInProcess, "the last try comes");
        await MarkAsync(host);
        Assert.Equal(TriesInProcess, host.Probe.Tries(id));
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task A_longer_fault_is_waited_for()
    {
        await using var host = await StartWorkerAsync();
        host.Probe.Work = (attempt, _) => attempt <= 2 * TriesInProcess ? throw new IOException("longer") : Task.CompletedTask;
        var clock = Stopwatch.StartNew();

        var id = await host.SubmitAsync();

        await Eventually.TrueAsync(() => host.Probe.Tries(id) == (2 * TriesInProcess) + 1, "it comes back twice");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.29, 20);
        await MarkAsync(host);
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
        Assert.Single(host.Probe.Seen.Where(sighting => sighting.Message.AnalysisId == id).Select(sighting => sighting.Queue).Distinct());
    }

    [Fact]
    public async Task A_lasting_fault_ends_the_analysis_after_the_last_wait()
    {
        await using var host = await StartWorkerAsync();
        host.Probe.Work = (_, _) => throw new IOException("lasting");

        var id = await host.SubmitAsync(Lane.Interactive);

        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisFailed>(id).Any(), "the analysis fails");
        await MarkAsync(host);
        var failed = Assert.Single(host.Probe.Of<AnalysisFailed>(id));
        Assert.Equal((ErrorCodes.StageFailed, Lane.Interactive), (failed.Code, failed.Lane));
        Assert.DoesNotContain("lasting", failed.Detail);
        Assert.Equal(3 * TriesInProcess, host.Probe.Tries(id));
    }

    [Fact]
    public async Task Work_beyond_its_time_limit_is_cancelled_and_counts_as_a_fault()
    {
        await using var host = await StartWorkerAsync(TimeSpan.FromMilliseconds(100));
        host.Probe.Work = (attempt, cancellation) => attempt == 1 ? Task.Delay(Timeout.Infinite, cancellation) : Task.CompletedTask;

        var id = await host.SubmitAsync();

        await Eventually.TrueAsync(() => host.Probe.Tries(id) == 2, "it is tried again");
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task Measurements_that_fail_again_and_again_do_not_fail_the_analysis()
    {
        await using var host = await StartAsync(services =>
        {
            services.AddPipelineConsumer<BrokenMeasurement>(new ConsumerSettings { Queue = $"{ConsumerSettings.ForensicsQueue}-{NewName()}" });
            services.AddPipelineConsumer<EverythingConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false });
        });
        var id = Analyses.Samples.NewId();

        await host.Bus.Publish(Messages.OneOfEach(id).OfType<FramesExtracted>().Single());

        await Eventually.TrueAsync(() => host.Probe.Of<ForensicsCompleted>(id).Any(), "something comes in their place");
        Assert.Empty(Assert.Single(host.Probe.Of<ForensicsCompleted>(id)).Signals);
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task A_report_that_nobody_can_take_fails_no_analysis()
    {
        await using var host = await StartAsync(services =>
        {
            services.AddPipelineConsumer<BrokenReportConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false });
            services.AddPipelineConsumer<EndConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false });
        });
        var id = Analyses.Samples.NewId();

        foreach (var message in Messages.OneOfEach(id).Where(message => message is AnalysisProgressed or AnalysisCompleted)) await host.Bus.Publish(message, message.GetType());

        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisCompleted>(id).Count() == 3 * TriesInProcess, "the end is tried to the last");
        await MarkAsync(host);
        Assert.Equal(TriesInProcess, host.Probe.Of<AnalysisProgressed>(id).Count());
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task No_more_messages_are_worked_on_at_a_time_than_allowed()
    {
        await using var host = await StartAsync(services => services.AddPipelineConsumer<WorkConsumer>(
            new ConsumerSettings { Queue = NewName(), PerLane = false, Concurrency = 2, Prefetch = 10 }));
        var (running, most) = (0, 0);
        host.Probe.Work = async (_, cancellation) =>
        {
            var now = Interlocked.Increment(ref running);
            lock (host) most = Math.Max(most, now);
            await Task.Delay(20, cancellation);
            Interlocked.Decrement(ref running);
        };

        var ids = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => host.SubmitAsync()));

        await Eventually.TrueAsync(() => ids.All(id => host.Probe.Tries(id) == 1), "all are worked on");
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task One_trace_leads_through_retries_waits_and_the_end()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "MassTransit" or "Deepfake.Tests",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("Deepfake.Tests");
        await using var host = await StartWorkerAsync();
        host.Probe.Work = (_, _) => throw new IOException("lasting");

        string id, trace;
        using (var activity = source.StartActivity("upload"))
        {
            trace = activity!.TraceId.ToHexString();
            id = await host.SubmitAsync();
        }

        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisFailed>(id).Any(), "the analysis fails");
        Assert.All(host.Probe.Seen.Where(sighting => sighting.Message.AnalysisId == id), sighting => Assert.Equal(trace, sighting.TraceId));
    }

    private protected static string NewName() => "test-" + Guid.NewGuid().ToString("n")[..12];

    private protected async Task<BusHost> StartAsync(Action<IServiceCollection> consumers) => await BusHost.StartAsync(await AmqpAsync(), consumers);

    private protected Task<BusHost> StartWorkerAsync(TimeSpan? timeout = null) => StartAsync(services =>
    {
        services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = NewName(), Concurrency = 4, Timeout = timeout ?? TimeSpan.FromMinutes(1) });
        services.AddPipelineConsumer<EndConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false });
    });

    /// <summary>Sends a last message to the end of the queue of failures: whatever else was to come there has come before it.</summary>
    private static async Task<string> MarkAsync(BusHost host)
    {
        var marker = new AnalysisFailed { AnalysisId = Analyses.Samples.NewId(), Tenant = "acme", Lane = Lane.Batch, Code = "marker", Detail = "" };
        await host.Bus.Publish(marker);
        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisFailed>(marker.AnalysisId).Any(), "the marker arrives");
        return marker.AnalysisId;
    }

    private static string Text(IAnalysisMessage message) => JsonSerializer.Serialize(message, message.GetType(), DeepfakeJson.Options);
}
