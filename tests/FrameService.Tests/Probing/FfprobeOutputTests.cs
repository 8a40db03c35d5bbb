using Deepfake.Contracts;
using Deepfake.FrameService.Probing;
using Xunit;

namespace Deepfake.FrameService.Tests.Probing;

public sealed class FfprobeOutputTests
{
    [Fact]
    public void Reads_the_picture_stream_and_not_the_cover()
    {
        var facts = FfprobeOutput.Parse(
            """
            {"streams":[
              {"codec_name":"aac","codec_type":"audio","avg_frame_rate":"0/0","duration":"9.0","disposition":{"attached_pic":0}},
              {"codec_name":"mjpeg","codec_type":"video","width":500,"height":500,"disposition":{"attached_pic":1}},
              {"codec_name":"h264","codec_type":"video","width":1280,"height":720,"pix_fmt":"yuv420p","r_frame_rate":"30/1","avg_frame_rate":"30000/1001","duration":"4.170000","nb_frames":"125","disposition":{"attached_pic":0}}
            ],"format":{"duration":"4.2"}}
            """u8,
            MediaFormat.Mp4)!;
        Assert.Equal((MediaKind.Video, 1280, 720, 125, "h264", false), (facts.Kind, facts.Width, facts.Height, facts.Frames, facts.Codec, facts.HasAlpha));
        Assert.Equal(4.17, facts.Seconds);
        Assert.Equal(29.97, facts.FrameRate, 2);
    }

    [Fact]
    public void Takes_the_containers_length_and_computes_frames_where_the_stream_is_silent()
    {
        var facts = FfprobeOutput.Parse("""{"streams":[{"codec_name":"vp9","codec_type":"video","width":640,"height":360,"avg_frame_rate":"25/1"}],"format":{"duration":"2.000"}}"""u8, MediaFormat.Webm)!;
        Assert.Equal((2.0, 50), (facts.Seconds, facts.Frames));
    }

    [Theory]
    [InlineData("rgba", true)]
    [InlineData("pal8", true)]
    [InlineData("ya8", true)]
    [InlineData("yuva420p", true)]
    [InlineData("bgra", true)]
    [InlineData("rgba64be", true)]
    [InlineData("yuvj420p", false)]
    [InlineData("rgb24", false)]
    [InlineData("gray", false)]
    [InlineData("gray16be", false)]
    public void Knows_which_pixels_may_be_transparent(string format, bool alpha) =>
        Assert.Equal(alpha, FfprobeOutput.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"streams":[{"codec_type":"video","pix_fmt":"{{format}}","width":2,"height":2}]}"""), MediaFormat.Png)!.HasAlpha);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"streams":[]}""")]
    [InlineData("""{"streams":[{"codec_type":"audio"}]}""")]
    [InlineData("""{"streams":[{"codec_type":"video","disposition":{"attached_pic":1}}]}""")]
    public void No_picture_is_no_facts(string json) => Assert.Null(FfprobeOutput.Parse(System.Text.Encoding.UTF8.GetBytes(json), MediaFormat.Mkv));

    [Fact]
    public void Encoding_and_programs_are_read_whatever_the_case_of_their_names()
    {
        var facts = FfprobeOutput.Parse(
            """
            {"streams":[{"codec_name":"h264","codec_type":"video","profile":"High","width":640,"height":360,"avg_frame_rate":"25/1","has_b_frames":2,
              "tags":{"ENCODER":"Lavc60.3.100 libx264","handler_name":"VideoHandler"}}],
             "format":{"duration":"2.000","bit_rate":"500000","tags":{"encoder":"Lavf60.3.100","major_brand":"isom","com.apple.quicktime.make":"Apple"}}}
            """u8,
            MediaFormat.Mp4)!.Encoding!;
        Assert.Equal(("h264", "High", "Lavf60.3.100", "Lavc60.3.100 libx264"), (facts.Codec, facts.Profile, facts.Muxer, facts.Encoder));
        Assert.Equal(("Apple", "isom VideoHandler", 500_000.0, 2), (facts.Camera, facts.Remarks, facts.BitsPerSecond, facts.ReorderedFrames));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"streams":5}""")]
    public void Refuses_what_is_no_answer(string json) => Assert.Throws<InvalidDataException>(() => FfprobeOutput.Parse(System.Text.Encoding.UTF8.GetBytes(json), MediaFormat.Mkv));

    [Fact]
    public void Counts_packets_and_finds_the_latest() =>
        Assert.Equal((5, 0.16), FfprobeOutput.ParsePacketTimes("0.000000\n0.160000\n0.080000\nN/A\n0.120000\n"u8));
}
