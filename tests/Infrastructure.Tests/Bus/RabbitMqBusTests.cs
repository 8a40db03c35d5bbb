using System.Collections.Concurrent;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using Deepfake.TestServers;

namespace Deepfake.Infrastructure.Tests.Bus;

[Collection(Servers.Collection)]
public sealed class RabbitMqBusTests(Servers servers) : BusContract
{
    [Fact]
    public async Task A_message_in_hand_at_a_stop_goes_to_another_worker()
    {
        var (queue, ends) = (NewName(), NewName());
        await using var first = await StartAsync(services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = queue }));
        first.Probe.Work = (_, cancellation) => Task.Delay(Timeout.Infinite, cancellation);
        var id = await first.SubmitAsync();
        await Eventually.TrueAsync(() => first.Probe.Tries(id) == 1, "the first worker has it");
        await using var second = await StartAsync(services =>
        {
            services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = queue });
            services.AddPipelineConsumer<EndConsumer>(new ConsumerSettings { Queue = ends, PerLane = false });
        });

        await first.StopAsync();

        await Eventually.TrueAsync(() => second.Probe.Tries(id) == 1, "the second worker gets it");
        Assert.Empty(second.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task A_message_whose_worker_was_killed_goes_to_another_one()
    {
        var queue = NewName();
        var amqp = await servers.Set.AmqpAsync();
        using var worker = DyingWorker.Start(amqp, queue, deliveryLimit: 5);
        await worker.WaitUntilUpAsync();
        await using var publisher = await StartAsync(_ => { });
        var id = await publisher.SubmitAsync();
        await worker.WaitUntilDeadAsync();

        await using var host = await StartAsync(services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = queue }));

        await Eventually.TrueAsync(() => host.Probe.Tries(id) == 1, "it is delivered again");
    }

    [Fact]
    public async Task A_message_that_kills_every_worker_ends_its_analysis()
    {
        var queue = NewName();
        var amqp = await servers.Set.AmqpAsync();
        await using var host = await StartAsync(services => services.AddPipelineConsumer<EndConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false }));
        string? id = null;

        for (var death = 1; death <= 3; death++)
        {
            using var worker = DyingWorker.Start(amqp, queue, deliveryLimit: 2);
            // A later worker gets the message again as soon as it listens, and may be dead before it says that it is up.
            if (death == 1)
            {
                await worker.WaitUntilUpAsync();
                id = await host.SubmitAsync();
            }

            await worker.WaitUntilDeadAsync();
        }

        await Eventually.TrueAsync(() => host.Probe.Of<AnalysisFailed>(id!).Any(), "the analysis fails");
        Assert.Equal(ErrorCodes.StageFailed, host.Probe.Of<AnalysisFailed>(id!).First().Code);
    }

    [Fact]
    public async Task A_message_that_kills_every_forensics_worker_costs_the_measurements_only()
    {
        var queue = $"{ConsumerSettings.ForensicsQueue}-{NewName()}";
        var amqp = await servers.Set.AmqpAsync();
        await using var host = await StartAsync(services => services.AddPipelineConsumer<EverythingConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false }));
        var id = Analyses.Samples.NewId();

        for (var death = 1; death <= 3; death++)
        {
            using var worker = DyingWorker.Start(amqp, queue, deliveryLimit: 2);
            if (death == 1)
            {
                await worker.WaitUntilUpAsync();
                await host.Bus.Publish(Messages.OneOfEach(id).OfType<FramesExtracted>().Single());
            }

            await worker.WaitUntilDeadAsync();
        }

        await Eventually.TrueAsync(() => host.Probe.Of<ForensicsCompleted>(id).Any(), "the analysis goes on without");
        Assert.Empty(host.Probe.Of<ForensicsCompleted>(id).First().Signals);
        Assert.Empty(host.Probe.Of<AnalysisFailed>(id));
    }

    [Fact]
    public async Task Queues_are_replicated_and_lose_nothing()
    {
        var name = NewName();
        await using var server = await RabbitMqServer.StartAsync();
        await using var host = await BusHost.StartAsync(
            server.ConnectionString,
            services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = name }),
            settings: ("Bus:DeliveryLimit", "7"));

        var queues = (await server.ControlAsync("list_queues", "name", "type", "durable", "arguments")).Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal)).Select(line => line.Split('\t')).ToDictionary(fields => fields[0]);

        Assert.Equal(9, queues.Count); // three lanes, each with two wait queues
        Assert.All(queues.Values, fields => Assert.Equal(("quorum", "true"), (fields[1], fields[2])));
        Assert.All(queues.Values, fields => Assert.Contains("at-least-once", fields[3]));
        Assert.Contains("{\"x-delivery-limit\",7}", queues[$"{name}-batch"][3]);
        Assert.Contains("{\"x-message-ttl\",100}", queues[$"{name}-batch-wait-100ms"][3]);
    }

    [Fact]
    public async Task A_vital_message_that_no_queue_takes_is_refused_and_a_report_is_not()
    {
        await using var server = await RabbitMqServer.StartAsync();
        await using var host = await BusHost.StartAsync(server.ConnectionString, _ => { });

        await Assert.ThrowsAnyAsync<Exception>(() => host.SubmitAsync());
        await host.Bus.Publish(new AnalysisCompleted { AnalysisId = "an_1", Tenant = "acme", Lane = Lane.Batch, Status = AnalysisStatus.Completed });

        await using var worker = await BusHost.StartAsync(
            server.ConnectionString, services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = NewName() }));
        var id = await host.SubmitAsync();
        await Eventually.TrueAsync(() => worker.Probe.Tries(id) == 1, "it arrives");
    }

    [Fact]
    public async Task A_killed_broker_loses_nothing_that_it_confirmed()
    {
        await using var server = await RabbitMqServer.StartAsync();
        await using var host = await BusHost.StartAsync(
            server.ConnectionString,
            services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = NewName(), PerLane = false, Concurrency = 16, Prefetch = 64 }));
        var confirmed = new ConcurrentBag<string>();
        using var enough = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    confirmed.Add(await host.SubmitAsync());
                }
                catch (Exception)
                {
                    await Task.Delay(50); // not confirmed: the sender knows, and may try again
                }
            }
        })).ToArray();

        await Eventually.TrueAsync(() => confirmed.Count > 300, "messages flow");
        await server.KillAsync();
        Assert.False(await host.IsUpAsync() && confirmed.IsEmpty);
        await server.RestartAsync();
        var before = confirmed.Count;
        await Eventually.TrueAsync(() => confirmed.Count > before + 300, "messages flow again", 120);
        await enough.CancelAsync();
        await Task.WhenAll(publishers);

        await Eventually.TrueAsync(
            () =>
            {
                var seen = host.Probe.Seen.Select(sighting => sighting.Message.AnalysisId).ToHashSet();
                return confirmed.All(seen.Contains);
            },
            "every confirmed message arrives",
            60);
    }

    [Fact]
    public async Task A_confirmation_that_does_not_come_is_an_error()
    {
        await using var server = await RabbitMqServer.StartAsync();
        await using var host = await BusHost.StartAsync(server.ConnectionString, services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = NewName() }));
        await host.SubmitAsync();

        await server.PauseAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => host.SubmitAsync(timeout: TimeSpan.FromMilliseconds(200)));
        await server.ResumeAsync();

        var id = await host.SubmitAsync();
        await Eventually.TrueAsync(() => host.Probe.Tries(id) == 1, "messages flow", 60);
    }

    [Fact]
    public async Task A_host_starts_before_its_broker_and_says_so()
    {
        await using var server = await RabbitMqServer.StartAsync();
        await server.KillAsync();
        await using var host = await BusHost.StartAsync(
            server.ConnectionString, services => services.AddPipelineConsumer<WorkConsumer>(new ConsumerSettings { Queue = NewName() }), wait: false);
        Assert.False(await host.IsUpAsync());

        await server.RestartAsync();

        await Eventually.TrueAsync(host.IsUpAsync, "the bus is up", 60);
        var id = await host.SubmitAsync();
        await Eventually.TrueAsync(() => host.Probe.Tries(id) == 1, "messages flow");
    }

    protected override async Task<string?> AmqpAsync() => await servers.Set.AmqpAsync();
}
