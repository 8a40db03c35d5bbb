using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Probing.Structure;
using Xunit;

namespace Deepfake.FrameService.Tests.Decoding;

public sealed class WebpCanvasTests
{
    [Fact]
    public void An_empty_canvas_is_black() => Assert.Equal([0, 0, 0], Flat(new WebpCanvas(1, 1), 1));

    [Fact]
    public void A_frame_is_laid_over_what_is_there_or_replaces_it()
    {
        var canvas = new WebpCanvas(2, 1);
        canvas.Draw(Frame(0, 2), [100, 100, 100, 255, 100, 100, 100, 255], 8);
        canvas.Draw(Frame(0, 1), [200, 0, 0, 128, 9, 9, 9, 9], 8);
        canvas.Draw(Frame(1, 1, blend: false), [200, 0, 0, 128, 9, 9, 9, 9], 8);
        // Left: 200 · 128/255 + 100 · 127/255. Right: replaced, and half of it is the black below everything.
        Assert.Equal([150, 49, 49, 100, 0, 0], Flat(canvas, 2).Select((value, i) => i == 0 && value is 149 or 150 ? (byte)150 : value));
    }

    [Fact]
    public void A_frame_that_asks_for_it_is_cleared_before_the_next()
    {
        var canvas = new WebpCanvas(2, 1);
        canvas.Draw(Frame(0, 1, dispose: true), [50, 60, 70, 255], 4);
        Assert.Equal([50, 60, 70, 0, 0, 0], Flat(canvas, 2));
        canvas.Draw(Frame(1, 1), [1, 2, 3, 255], 4);
        Assert.Equal([0, 0, 0, 1, 2, 3], Flat(canvas, 2));
    }

    private static WebpFrame Frame(int x, int width, bool blend = true, bool dispose = false) => new(0, 0, x, 0, width, 1, 40, blend, dispose);

    private static byte[] Flat(WebpCanvas canvas, int pixels)
    {
        var rgb = new byte[pixels * 3];
        canvas.Flatten(rgb);
        return rgb;
    }
}
