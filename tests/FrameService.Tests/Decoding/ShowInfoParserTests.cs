using Deepfake.FrameService.Decoding;
using Xunit;

namespace Deepfake.FrameService.Tests.Decoding;

public sealed class ShowInfoParserTests
{
    [Fact]
    public void Times_come_from_ticks_and_time_base()
    {
        var parser = new ShowInfoParser();
        Assert.Null(parser.Read("[showinfo@0 @ 0x55d9ed8de280] [info] config in time_base: 1/12800, frame_rate: 25/1"));
        Assert.Null(parser.Read("[showinfo@0 @ 0x55d9ed8de280] [info] config out time_base: 0/0, frame_rate: 0/0"));
        var frame = parser.Read("[showinfo@0 @ 0x55d9ed8de280] [info] n:   0 pts:92160512 pts_time:7200.04 pos:    83274 fmt:yuv444p sar:0/1 s:854x480 i:P iskey:0 type:P ");
        Assert.Equal(new ShownFrame(0, 7200.04, 854, 480), frame);
    }

    [Fact]
    public void Jumps_have_their_input_and_may_lie_before_their_target()
    {
        var parser = new ShowInfoParser();
        parser.Read("[showinfo@3 @ 0x55a9e6f44980] [info] config in time_base: 1/12800, frame_rate: 25/1");
        Assert.Equal(
            new ShownFrame(3, -1.1875, 1920, 1080),
            parser.Read("[showinfo@3 @ 0x55a9e6f44980] [info] n:   0 pts: -15200 pts_time:-1.1875 pos:1490360712 fmt:yuv420p sar:0/1 s:1920x1080 i:P iskey:1 type:I "));
    }

    [Theory]
    [InlineData(1_000_000, 1)]
    [InlineData(1, 100_000_000)]
    public void Sides_may_have_many_digits(int width, int height) => Assert.Equal(
        new ShownFrame(0, 0, width, height),
        new ShowInfoParser().Read($"[showinfo@0 @ 0x1] [info] n:   0 pts:      0 pts_time:0       pos:    0 fmt:gray sar:0/1 s:{width}x{height} i:P iskey:1 type:I "));

    [Fact]
    public void Cpu_seconds_are_user_and_system()
    {
        var parser = new ShowInfoParser();
        parser.Read("[info] bench: utime=0.081s stime=0.068s rtime=0.145s");
        Assert.Equal(0.149, parser.CpuSeconds!.Value, 6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[showinfo@0 @ 0x1] [info] n: x pts: y")]
    [InlineData("[info]     title           : [showinfo@0 @ 0x1] [info] n:   0 pts:0 pts_time:0 pos:0 fmt:x sar:0/1 s:9x9 i:P iskey:0 type:P ")]
    [InlineData("[showinfo@0 @ 0x1] [info] color_range:pc color_space:bt470bg color_primaries:unknown color_trc:unknown")]
    public void Other_lines_are_no_frames(string line) => Assert.Null(new ShowInfoParser().Read(line));
}
