using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Sampling;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Decoding;

[Collection(MediaTests.Name)]
public sealed class FfmpegDecoderTests(MediaWorkshop workshop)
{
    private static readonly FfmpegDecoder Decoder = new("ffmpeg", 1);

    [Fact]
    public void Never_leaves_the_demuxer_or_the_protocols_to_chance()
    {
        foreach (var format in Enum.GetValues<MediaFormat>())
        {
            var arguments = FfmpegCommand.Arguments(Request("/some/file", FfmpegCommand.Demuxer(format)) with { Seeks = [1, 2] }, 1);
            Assert.Equal(2, arguments.Count(argument => argument == "-i"));
            for (var i = arguments.IndexOf("-i"); i >= 0; i = arguments.IndexOf("-i", i + 1))
            {
                var input = arguments[..i];
                Assert.Equal("file", input[input.LastIndexOf("-protocol_whitelist") + 1]);
                Assert.Equal(FfmpegCommand.Demuxer(format), input[input.LastIndexOf("-f") + 1]);
                Assert.Equal("file:/some/file", arguments[i + 1]);
            }

            Assert.Contains("-nostdin", arguments);
        }
    }

    [Fact]
    public async Task Delivers_the_frames_at_the_times_asked_for()
    {
        var film = workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25");
        var frames = await ReadAsync(Request(film, "mov") with { Select = "gte(t,1)*lt(t,1.1)+gte(t,3)*lt(t,3.03)" });
        Assert.Equal([1.0, 1.04, 1.08, 3.0], frames.Select(frame => Math.Round(frame.Seconds, 6)));
        Assert.All(frames, frame => Assert.Equal((640, 426), (frame.Width, frame.Height)));
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(33, 3)]
    [InlineData(256, 8)]
    public async Task Passes_the_first_frame_at_or_after_each_instant(int count, int perStratum)
    {
        var film = workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25");
        var instants = SamplePlanner.Candidates(SamplePlanner.Strata(4, count), perStratum);
        var frames = await ReadAsync(Request(film, "mov") with { Select = SamplePlanner.Crossings(instants), MaxFrames = 5000 });
        var expected = instants.Select(instant => Math.Ceiling(Math.Round(instant / 0.04, 6)) * 0.04).Where(time => time < 3.98).Select(time => Math.Round(time, 4)).Distinct();
        Assert.Equal(expected, frames.Select(frame => Math.Round(frame.Seconds, 4)));
    }

    [Fact]
    public async Task Jumps_to_the_key_frame_at_or_before_a_time()
    {
        var film = workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25", "-x264-params", "scenecut=0");
        var frames = await ReadAsync(Request(film, "mov") with { Seeks = [1.4, 2.2] });
        Assert.Equal([1.0, 2.0], frames.Select(frame => Math.Round(frame.Seconds, 6)));
    }

    [Fact]
    public async Task Scales_large_frames_down_and_says_how_large_they_were()
    {
        var frame = Assert.Single(await ReadAsync(Request(Photos.Three, "jpeg_pipe") with { MaxSide = 480 }));
        Assert.Equal((480, 320, 1920, 1280), (frame.Width, frame.Height, frame.SourceWidth, frame.SourceHeight));
        Assert.Equal(4, frame.Scale);
    }

    [Fact]
    public async Task A_child_that_is_not_wanted_any_more_is_gone()
    {
        var film = workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25");
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var frame in Decoder.DecodeAsync(Request(film, "mov"), new DecodeReport(), null, stop.Token))
            {
                frame.Dispose();
                Assert.NotEmpty(ChildrenWith(film));
                await stop.CancelAsync();
            }
        });
        Assert.Empty(ChildrenWith(film));
    }

    [Fact]
    public async Task A_child_that_takes_too_long_is_gone()
    {
        var film = workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "ultrafast");
        await Assert.ThrowsAsync<DecodeTimeoutException>(async () =>
        {
            await foreach (var frame in Decoder.DecodeAsync(Request(film, "mov") with { Limit = TimeSpan.FromSeconds(0.3), MaxFrames = 750 }, new DecodeReport()))
            {
                frame.Dispose();
                await Task.Delay(100);
            }
        });
        Assert.Empty(ChildrenWith(film));
    }

    [Fact]
    public async Task No_child_is_left_when_the_reader_stops_early()
    {
        var film = workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25");
        await foreach (var frame in Decoder.DecodeAsync(Request(film, "mov"), new DecodeReport()))
        {
            frame.Dispose();
            break;
        }

        Assert.Empty(ChildrenWith(film));
    }

    [Fact]
    public async Task A_tool_that_writes_endless_errors_is_drained_in_bounded_memory()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await using var child = ChildProcess.Start("/bin/sh", ["-c", "head -c 30000000 /dev/zero | tr '\\0' 'x' >&2; exit 3"], TimeSpan.FromSeconds(20));
        Assert.Equal(3, await child.WaitAsync());
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4_000_000);
    }

    [Fact]
    public async Task The_whole_tree_of_a_tool_is_killed()
    {
        var marker = $"9{Environment.ProcessId}.{Environment.TickCount64 % 100_000}";
        await using (var child = ChildProcess.Start("/bin/sh", ["-c", $"sleep {marker} & sleep {marker}; echo never"], TimeSpan.FromSeconds(0.3)))
        {
            Assert.NotEqual(0, await child.WaitAsync());
            Assert.True(child.WasKilled);
        }

        var deadline = Stopwatch.StartNew();
        while (ChildrenWith(marker).Count > 0 && deadline.Elapsed < TimeSpan.FromSeconds(5)) await Task.Delay(20);
        Assert.Empty(ChildrenWith(marker));
    }

    /// <summary>Command lines of running processes that name something.</summary>
    internal static List<string> ChildrenWith(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out var id) && id != Environment.ProcessId)
            .Select(folder =>
            {
                try
                {
                    return File.ReadAllText(Path.Combine(folder, "cmdline"));
                }
                catch (IOException)
                {
                    return "";
                }
                catch (UnauthorizedAccessException)
                {
                    return "";
                }
            })
            .Where(line => line.Contains(text, StringComparison.Ordinal)),
    ];

    private static async Task<List<VideoFrame>> ReadAsync(DecodeRequest request)
    {
        var frames = new List<VideoFrame>();
        await foreach (var frame in Decoder.DecodeAsync(request, new DecodeReport()))
        {
            frames.Add(frame);
            frame.Dispose();
        }

        return frames;
    }

    private static DecodeRequest Request(string path, string demuxer) => new()
    {
        Path = path,
        Demuxer = demuxer,
        MaxSide = 1920,
        MaxPixels = 1920 * 1920,
        SourcePixels = 100_000_000,
        MaxFrames = 100,
        Limit = TimeSpan.FromSeconds(20),
    };
}
