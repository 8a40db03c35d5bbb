using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;
using MassTransit;
using Microsoft.Extensions.Options;
using NSubstitute;
using Xunit;

namespace Deepfake.FrameService.Tests.Extraction;

/// <summary>One run of the whole stage on one file: what it stored and what it said.</summary>
internal sealed class StageRun
{
    private StageRun(MemoryStore store, List<IAnalysisMessage> messages)
    {
        Store = store;
        Messages = messages;
        Last = Assert.IsType<FramesExtracted>(messages[^1]);
        Index = JsonSerializer.Deserialize<FaceIndex>(store.Objects[Last.IndexKey], DeepfakeJson.Options)!;
    }

    public MemoryStore Store { get; }

    public List<IAnalysisMessage> Messages { get; }

    public FramesExtracted Last { get; }

    public FaceIndex Index { get; }

    public IEnumerable<FacesExtracted> Shards => Messages.OfType<FacesExtracted>();

    public static async Task<StageRun> OfAsync(string path, MediaFormat format, FaceFinder finder, FrameServiceOptions? options = null, CancellationToken cancellationToken = default)
    {
        var store = new MemoryStore(path);
        var bus = Substitute.For<IPublishEndpoint>();
        var stage = new FrameStage(store, finder, Options.Create(options ?? new FrameServiceOptions()));
        try
        {
            await stage.RunAsync(Message(path, format), bus, cancellationToken);
        }
        finally
        {
            Assert.Equal(0, store.Held);
        }

        return new StageRun(store, [.. bus.ReceivedCalls().Select(call => call.GetArguments()[0]).OfType<IAnalysisMessage>()]);
    }

    public async Task<FacePack> FacePackAsync(FacesExtracted shard) => await FacePack.ReadAsync(new MemoryStream(Store.Objects[shard.PackKey]), default);

    public async Task<FramePack> FramePackAsync() => await FramePack.ReadAsync(new MemoryStream(Store.Objects[Last.FramePackKey]), default);

    public static MediaSubmitted Message(string path, MediaFormat format) => new()
    {
        AnalysisId = "an_1",
        Tenant = "tenant",
        Lane = Lane.Interactive,
        MediaKey = "tenant/an_1/media",
        Format = format,
        SizeBytes = new FileInfo(path).Length,
        Deadline = DateTimeOffset.MaxValue,
    };
}
