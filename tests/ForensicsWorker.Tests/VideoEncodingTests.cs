using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class VideoEncodingTests
{
    private static readonly EncodingFacts Phone = new()
    {
        Codec = "hevc",
        Camera = "Apple iPhone 15",
        BitsPerSecond = 16e6,
        Width = 1920,
        Height = 1080,
        FrameRate = 30,
    };

    [Fact]
    public void A_recording_of_a_phone_raises_nothing()
    {
        var result = Measure(Phone);
        Assert.Equal(0, result.Raw);
        Assert.Equal("The film is hevc, 0.26 bits a pixel; its texts name a camera; that proves nothing.", result.Reason);
    }

    [Theory]
    [InlineData("Lavf58.76.100", 0.3)]
    [InlineData("HandBrake 1.6.1", 0.3)]
    [InlineData("CapCut", 0.5)]
    [InlineData("DeepFaceLab", 1.0)]
    public void Programs_are_told(string program, double raw) => Assert.Equal(raw, Measure(Phone with { Muxer = program }).Raw);

    [Fact]
    public void Too_few_bits_for_a_camera_are_told() => Assert.Equal(0.3, Measure(Phone with { Camera = null, BitsPerSecond = 2e6 }).Raw);

    [Fact]
    public void Unknown_rates_do_no_harm()
    {
        var result = Measure(new EncodingFacts { Codec = "vp9" });
        Assert.Equal(0, result.Raw);
        Assert.DoesNotContain("bits_per_pixel", result.Values.Keys);
    }

    [Fact]
    public void Only_films_are_judged()
    {
        Assert.Null(TestMaterial.Measure(new VideoEncodingSignal(), TestMaterial.Of(TestMaterial.Pack())).Score);
        Assert.Null(TestMaterial.Measure(new VideoEncodingSignal(), TestMaterial.Of(TestMaterial.Pack(), MediaKind.Video)).Score);
    }

    private static Measurement Measure(EncodingFacts facts) =>
        TestMaterial.Measure(new VideoEncodingSignal(), TestMaterial.Of(TestMaterial.Pack(), MediaKind.Video, MediaFormat.Mp4) with { Encoding = facts });
}
