using Deepfake.Contracts;
using Deepfake.FrameService.Consumers;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Tests.Decoding;
using Deepfake.FrameService.Tests.Extraction;
using Deepfake.FrameService.Tests.Media;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using MassTransit;
using Microsoft.Extensions.Options;
using NSubstitute;
using Xunit;

namespace Deepfake.FrameService.Tests.Consumers;

[Collection(MediaTests.Name)]
public sealed class MediaSubmittedConsumerTests(MediaWorkshop workshop, Detectors detectors)
{
    [Fact]
    public async Task A_medium_at_fault_ends_the_analysis_with_its_code()
    {
        var path = workshop.Write("text.mp4", "a text"u8);
        var fault = await Assert.ThrowsAsync<AnalysisFaultException>(() => ConsumeAsync(path, MediaFormat.Mp4, State(AnalysisStatus.Accepted)));
        Assert.Equal(ErrorCodes.Truncated, fault.Code);
    }

    [Fact]
    public async Task Work_of_an_analysis_that_is_over_or_gone_is_skipped()
    {
        var path = workshop.Write("text.mp4", "a text"u8);
        Assert.Empty(await ConsumeAsync(path, MediaFormat.Mp4, null));
        Assert.Empty(await ConsumeAsync(path, MediaFormat.Mp4, State(AnalysisStatus.Cancelled)));
    }

    [Fact]
    public async Task Work_past_its_deadline_is_not_begun_or_is_given_up()
    {
        Assert.Empty(await ConsumeAsync(Photos.Four, MediaFormat.Jpeg, State(AnalysisStatus.Running), deadline: DateTimeOffset.UtcNow.AddSeconds(-1)));

        var film = workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "ultrafast");
        var said = await ConsumeAsync(film, MediaFormat.Mp4, State(AnalysisStatus.Running), deadline: DateTimeOffset.UtcNow.AddSeconds(0.2));
        Assert.DoesNotContain(said, message => message is FramesExtracted);
        Assert.Empty(FfmpegDecoderTests.ChildrenWith(film));
    }

    [Fact]
    public async Task Work_of_an_analysis_that_is_cancelled_meanwhile_is_given_up()
    {
        // Decoding this takes longer than the two seconds between looks.
        var film = workshop.Make("slow.mp4", "-stream_loop", "9", "-i", workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "ultrafast"), "-c", "copy");
        var said = await ConsumeAsync(
            film, MediaFormat.Mp4, State(AnalysisStatus.Running), State(AnalysisStatus.Cancelled), options: new FrameServiceOptions { FramesPerVideo = 256, OnePassPixels = 1e12 });
        Assert.DoesNotContain(said, message => message is FramesExtracted);
        Assert.Empty(FfmpegDecoderTests.ChildrenWith(film));
    }

    [Fact]
    public async Task A_picture_is_announced_shard_by_shard()
    {
        var said = await ConsumeAsync(Photos.Four, MediaFormat.Jpeg, State(AnalysisStatus.Running));
        Assert.Equal(4, Assert.Single(said.OfType<FacesExtracted>()).Count);
        Assert.Equal(1, Assert.IsType<FramesExtracted>(said[^1]).ShardCount);
        Assert.All(said, message => Assert.Equal(("an_1", "tenant", Lane.Interactive), (message.AnalysisId, message.Tenant, message.Lane)));
    }

    [Fact]
    public void The_queue_is_one_a_lane_and_waits_longer_than_decoding_may_take()
    {
        var settings = MediaSubmittedConsumer.Settings(new FrameServiceOptions());
        Assert.Equal("frames", settings.Queue);
        Assert.True(settings.PerLane);
        Assert.True(settings.Timeout > TimeSpan.FromSeconds(new FrameServiceOptions().DecodeSeconds));
    }

    private async Task<List<IAnalysisMessage>> ConsumeAsync(string path, MediaFormat format, AnalysisState? state, AnalysisState? later = null, DateTimeOffset? deadline = null, FrameServiceOptions? options = null)
    {
        var analyses = Substitute.For<IAnalysisStore>();
        analyses.FindAsync("an_1", Arg.Any<CancellationToken>()).Returns(state, later ?? state);
        var context = Substitute.For<ConsumeContext<MediaSubmitted>>();
        context.Message.Returns(StageRun.Message(path, format) with { Deadline = deadline ?? DateTimeOffset.MaxValue });
        var stage = new FrameStage(new MemoryStore(path), detectors.Finder, Options.Create(options ?? new FrameServiceOptions()));
        await new MediaSubmittedConsumer(stage, analyses, TimeProvider.System).Consume(context);
        return [.. context.ReceivedCalls().Where(call => call.GetMethodInfo().Name == "Publish").Select(call => call.GetArguments()[0]).OfType<IAnalysisMessage>()];
    }

    private static AnalysisState State(AnalysisStatus status) => new()
    {
        Record = new AnalysisRecord
        {
            Id = "an_1",
            Tenant = "tenant",
            Lane = Lane.Interactive,
            MediaKey = "tenant/an_1/media",
            Format = MediaFormat.Mp4,
            SizeBytes = 1,
            Sha256 = new string('0', 64),
            AcceptedAt = DateTimeOffset.UnixEpoch,
            Deadline = DateTimeOffset.UnixEpoch,
        },
        Status = status,
        Stage = Stage.Queued,
        Percent = 0,
    };
}
