using Deepfake.FrameService.Sampling;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Sampling;

public sealed class SceneSignatureTests
{
    [Fact]
    public void Another_photo_is_a_cut_a_small_pan_is_none()
    {
        using var here = Pictures.Decode(Photos.Three, 640, "crop=600:400:0:0");
        using var near = Pictures.Decode(Photos.Three, 640, "crop=600:400:20:6");
        using var elsewhere = Pictures.Decode(Photos.Four, 640, "crop=600:400:0:0");
        Assert.InRange(new SceneSignature(here.View).DifferenceTo(new SceneSignature(near.View)), 0, SceneSignature.CutThreshold);
        Assert.True(new SceneSignature(here.View).DifferenceTo(new SceneSignature(elsewhere.View)) > SceneSignature.CutThreshold);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(12, true)]
    [InlineData(60, false)]
    public void A_dark_frame_is_black(byte grey, bool black)
    {
        using var frame = Pictures.Plain(64, 64, grey);
        Assert.Equal(black, new SceneSignature(frame.View).IsBlack);
    }

    [Fact]
    public void A_tiny_frame_has_a_signature_too()
    {
        using var frame = Pictures.Plain(2, 1, 100);
        Assert.InRange(new SceneSignature(frame.View).Brightness, 98, 101);
    }
}
