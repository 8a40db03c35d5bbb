using System.Collections.Concurrent;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ServiceDefaults;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NSubstitute;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>The service as its host composes it, on the bus of the embedded host.</summary>
public sealed class InferenceWorkerTests : IAsyncLifetime, IDisposable
{
    private readonly TestModels _models = new();
    private readonly IObjectStore _objects = Substitute.For<IObjectStore>();
    private readonly IAnalysisStore _analyses = Substitute.For<IAnalysisStore>();
    private readonly ConcurrentDictionary<(string Analysis, int Shard), InferenceCompleted> _completed = new();
    private readonly ConcurrentQueue<AnalysisFailed> _failed = new();
    private IHost _host = null!;

    public async Task InitializeAsync()
    {
        _models.Add("weighted_nchw");
        _models.Add("throws_when_bright", ModelSessionTests.PlainPixels);
        _models.Add("with_cam", m => (m["kind"], m["input"]!["sequence_length"]) = ("sequence", 4));
        _analyses.FindAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(call => State(call.Arg<string>()));

        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["MODEL_PATH"] = _models.Path;
        builder.Configuration["DEVICE"] = "cpu";
        builder.AddServiceDefaults();
        builder.Services.AddSingleton(_objects).AddSingleton(_analyses).AddSingleton(_completed).AddSingleton(_failed);
        builder.AddInference();
        builder.Services.AddPipelineConsumer<Collector>(new ConsumerSettings { Queue = "collector", PerLane = false });
        builder.AddEmbeddedPipelineBus();
        _host = builder.Build();
        await _host.StartAsync();
    }

    [Fact]
    public async Task Every_shard_is_scored_by_every_model()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Publish($"an_{i / 3}", i % 3, (Lane)(i % 3), TestCrops.Pack([.. Enumerable.Range(0, i).Select(TestCrops.Pattern)]))));
        await Eventually.TrueAsync(() => _completed.Count == 12, "all shards are complete");
        for (var i = 0; i < 12; i++)
        {
            var message = _completed[($"an_{i / 3}", i % 3)];
            Assert.Equal((Lane)(i % 3), message.Lane);
            Assert.Equal("tenant", message.Tenant);
            var weighted = message.Models.Single(model => model.Name == "weighted-nchw");
            Assert.Equal(("cpu", i, null), (weighted.Provider, weighted.Scores.Count, weighted.Error));
            if (i > 0) Assert.Equal(1 / (1 + Math.Exp(-0.53768)), weighted.Scores[0], 1e-4);
        }
    }

    [Fact]
    public async Task A_failing_model_and_one_that_is_not_available_are_named()
    {
        await Publish("an_1", 0, Lane.Interactive, TestCrops.Pack(TestCrops.Flat(250)));
        await Eventually.TrueAsync(() => !_completed.IsEmpty, "a shard is complete");
        var models = _completed.Values.Single().Models.ToDictionary(model => model.Name);
        Assert.Equal(["throws-when-bright", "weighted-nchw", "with-cam"], models.Keys.Order());
        Assert.Equal("the model failed while running", models["throws-when-bright"].Error);
        Assert.Equal("the network's input is float [N,3,16,16], not float32 [N,4,3,16,16]", models["with-cam"].Error);
        Assert.Equal("none", models["with-cam"].Provider);
        Assert.Null(models["weighted-nchw"].Error);
    }

    [Fact]
    public async Task Nothing_is_done_for_an_analysis_that_is_over_unknown_or_too_late()
    {
        _analyses.FindAsync("an_over", Arg.Any<CancellationToken>()).Returns(State("an_over") with { Status = AnalysisStatus.Cancelled });
        _analyses.FindAsync("an_unknown", Arg.Any<CancellationToken>()).Returns((AnalysisState?)null);
        var pack = TestCrops.Pack(TestCrops.Pattern(0));
        await Publish("an_over", 0, Lane.Batch, pack);
        await Publish("an_unknown", 0, Lane.Batch, pack);
        await Publish("an_late", 0, Lane.Batch, pack, DateTimeOffset.UtcNow.AddSeconds(-1));
        await Publish("an_last", 0, Lane.Batch, pack);
        await Eventually.TrueAsync(() => _completed.ContainsKey(("an_last", 0)), "the last analysis is complete");
        await _objects.DidNotReceive().OpenAsync(Arg.Is<string>(key => !key.Contains("an_last")), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_pack_that_is_no_pack_fails_the_analysis_at_once()
    {
        _objects.OpenAsync("tenant/an_1/faces-0000.safetensors", Arg.Any<CancellationToken>()).Returns(_ => new MemoryStream(new byte[100]));
        await PublishMessage("an_1", 0, Lane.Batch, 1, DateTimeOffset.UtcNow.AddMinutes(5));
        await Eventually.TrueAsync(() => !_failed.IsEmpty, "the failure is told");
        Assert.Equal(ErrorCodes.Internal, _failed.Single().Code);
        Assert.Empty(_completed);
    }

    [Fact]
    public async Task Health_says_when_the_models_are_there()
    {
        var health = _host.Services.GetRequiredService<HealthCheckService>();
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync(entry => entry.Name == "models")).Status == HealthStatus.Healthy, "the models are healthy");
        var report = await health.CheckHealthAsync(entry => entry.Name == "models");
        Assert.Equal("2 models on cpu, 1 not available", report.Entries["models"].Description);
    }

    public Task DisposeAsync() => _host.StopAsync();

    public void Dispose()
    {
        _host.Dispose();
        _models.Dispose();
    }

    private static AnalysisState State(string id) => new()
    {
        Record = new AnalysisRecord
        {
            Id = id,
            Tenant = "tenant",
            Lane = Lane.Interactive,
            MediaKey = "k",
            Format = MediaFormat.Mp4,
            SizeBytes = 1,
            Sha256 = new string('0', 64),
            AcceptedAt = DateTimeOffset.UtcNow,
            Deadline = DateTimeOffset.UtcNow.AddMinutes(5),
        },
        Status = AnalysisStatus.Running,
        Stage = Stage.Scoring,
        Percent = 10,
    };

    private async Task Publish(string analysis, int shard, Lane lane, FacePack pack, DateTimeOffset? deadline = null)
    {
        using var stream = new MemoryStream();
        await pack.WriteAsync(stream, default);
        var bytes = stream.ToArray();
        _objects.OpenAsync(ObjectKeys.FacePack("tenant", analysis, shard), Arg.Any<CancellationToken>()).Returns(_ => new MemoryStream(bytes));
        await PublishMessage(analysis, shard, lane, pack.Crops.Count, deadline ?? DateTimeOffset.UtcNow.AddMinutes(5));
    }

    private Task PublishMessage(string analysis, int shard, Lane lane, int count, DateTimeOffset deadline) => _host.Services.GetRequiredService<IBus>().Publish(new FacesExtracted
    {
        AnalysisId = analysis,
        Tenant = "tenant",
        Lane = lane,
        Shard = shard,
        PackKey = ObjectKeys.FacePack("tenant", analysis, shard),
        Count = count,
        Deadline = deadline,
    });

    public sealed class Collector(ConcurrentDictionary<(string Analysis, int Shard), InferenceCompleted> completed, ConcurrentQueue<AnalysisFailed> failed)
        : IConsumer<InferenceCompleted>, IConsumer<AnalysisFailed>
    {
        public Task Consume(ConsumeContext<InferenceCompleted> context)
        {
            completed[(context.Message.AnalysisId, context.Message.Shard)] = context.Message;
            return Task.CompletedTask;
        }

        public Task Consume(ConsumeContext<AnalysisFailed> context)
        {
            failed.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }
}
