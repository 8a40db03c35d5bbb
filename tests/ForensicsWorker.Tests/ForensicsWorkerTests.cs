using System.Collections.Concurrent;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ServiceDefaults;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NSubstitute;
using NSubstitute.Extensions;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

/// <summary>The service as its host composes it, on the bus of the embedded host.</summary>
public sealed class ForensicsWorkerTests : IAsyncLifetime, IDisposable
{
    private readonly IObjectStore _objects = Substitute.For<IObjectStore>();
    private readonly IAnalysisStore _analyses = Substitute.For<IAnalysisStore>();
    private readonly ConcurrentDictionary<string, ForensicsCompleted> _completed = new();
    private IHost _host = null!;

    public async Task InitializeAsync()
    {
        _analyses.FindAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns(call => State(call.Arg<string>()));
        _objects.OpenAsync(Arg.Any<string>(), Arg.Any<CancellationToken>()).Returns<Stream>(call => throw new ObjectNotFoundException(call.Arg<string>()));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddServiceDefaults();
        builder.Services.AddSingleton(_objects).AddSingleton(_analyses).AddSingleton(_completed);
        builder.AddForensics();
        builder.Services.AddPipelineConsumer<Collector>(new ConsumerSettings { Queue = "collector", PerLane = false });
        builder.AddEmbeddedPipelineBus();
        _host = builder.Build();
        await _host.StartAsync();
    }

    [Fact]
    public async Task A_JPEG_gets_all_signals()
    {
        await Put("an_1", TestMaterial.Pack([TestMaterial.Natural(256, 1)], 256, new Box(80, 80, 96, 96)));
        _objects.Configure().OpenAsync("tenant/an_1/media", Arg.Any<CancellationToken>()).Returns(_ => new MemoryStream(TestMaterial.Sample("quality-75.jpg")));
        await Publish("an_1", MediaKind.Image, MediaFormat.Jpeg);
        await Eventually.TrueAsync(() => _completed.ContainsKey("an_1"), "the analysis is complete");
        var message = _completed["an_1"];
        Assert.Equal((Lane.Interactive, "tenant"), (message.Lane, message.Tenant));
        var signals = message.Signals.ToDictionary(signal => signal.Name);
        Assert.Equal(SignalSuite.All.Count, signals.Count);
        Assert.True(signals["azimuthal_spectrum"].Applicable);
        Assert.Equal(75, signals["jpeg_quantisation"].Values["quality"]);
        Assert.Equal("A still image does not move.", signals["motion_dynamics"].Reason);
    }

    [Fact]
    public async Task A_film_is_not_fetched()
    {
        await Put("an_1", TestMaterial.Pack());
        await Publish("an_1", MediaKind.Video, MediaFormat.Mp4);
        await Eventually.TrueAsync(() => _completed.ContainsKey("an_1"), "the analysis is complete");
        await _objects.DidNotReceive().OpenAsync("tenant/an_1/media", Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_pack_that_cannot_be_read_leaves_the_decision_to_the_models()
    {
        _objects.Configure().OpenAsync("tenant/an_1/frames.safetensors", Arg.Any<CancellationToken>()).Returns(_ => new MemoryStream([1, 2, 3]));
        await Publish("an_1", MediaKind.Video, MediaFormat.Mp4);
        await Eventually.TrueAsync(() => _completed.ContainsKey("an_1"), "the analysis is complete");
        Assert.All(_completed["an_1"].Signals, signal => Assert.Equal((false, "unavailable"), (signal.Applicable, signal.Reason)));
    }

    [Fact]
    public async Task Nothing_is_done_for_an_analysis_that_is_over_or_too_late()
    {
        _analyses.FindAsync("an_over", Arg.Any<CancellationToken>()).Returns(State("an_over") with { Status = AnalysisStatus.Failed });
        await Publish("an_over", MediaKind.Video, MediaFormat.Mp4);
        await Publish("an_late", MediaKind.Video, MediaFormat.Mp4, DateTimeOffset.UtcNow.AddSeconds(-1));
        await Put("an_last", TestMaterial.Pack());
        await Publish("an_last", MediaKind.Video, MediaFormat.Mp4);
        await Eventually.TrueAsync(() => _completed.ContainsKey("an_last"), "the last analysis is complete");
        await _objects.DidNotReceive().OpenAsync(Arg.Is<string>(key => !key.Contains("an_last")), Arg.Any<CancellationToken>());
    }

    public Task DisposeAsync() => _host.StopAsync();

    public void Dispose() => _host.Dispose();

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

    private async Task Put(string analysis, FramePack pack)
    {
        using var stream = new MemoryStream();
        await pack.WriteAsync(stream, default);
        var bytes = stream.ToArray();
        _objects.Configure().OpenAsync(ObjectKeys.FramePack("tenant", analysis), Arg.Any<CancellationToken>()).Returns(_ => new MemoryStream(bytes));
    }

    private Task Publish(string analysis, MediaKind kind, MediaFormat format, DateTimeOffset? deadline = null) => _host.Services.GetRequiredService<IBus>().Publish(new FramesExtracted
    {
        AnalysisId = analysis,
        Tenant = "tenant",
        Lane = Lane.Interactive,
        ShardCount = 0,
        IndexKey = ObjectKeys.Index("tenant", analysis),
        FramePackKey = ObjectKeys.FramePack("tenant", analysis),
        MediaKey = ObjectKeys.Media("tenant", analysis),
        Format = format,
        Kind = kind,
        Deadline = deadline ?? DateTimeOffset.UtcNow.AddMinutes(5),
    });

    public sealed class Collector(ConcurrentDictionary<string, ForensicsCompleted> completed) : IConsumer<ForensicsCompleted>
    {
        public Task Consume(ConsumeContext<ForensicsCompleted> context)
        {
            completed[context.Message.AnalysisId] = context.Message;
            return Task.CompletedTask;
        }
    }
}
