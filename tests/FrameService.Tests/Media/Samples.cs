using Deepfake.Contracts;

namespace Deepfake.FrameService.Tests.Media;

/// <summary>One ordinary file of each format, all showing the three women.</summary>
internal static class Samples
{
    public static string Of(MediaWorkshop workshop, MediaFormat format) => format switch
    {
        MediaFormat.Jpeg => workshop.Still("jpg", 960, "-q:v", "3"),
        MediaFormat.Png => workshop.Still("png", 640),
        MediaFormat.Webp => workshop.Still("webp", 960),
        MediaFormat.Bmp => workshop.Still("bmp", 640),
        MediaFormat.Tiff => workshop.Still("tiff", 640),
        MediaFormat.Gif => workshop.Make("animated.gif", "-loop", "1", "-framerate", "12.5", "-t", "0.96", "-i", Photos.Three, "-vf", "scale=700:-2,crop=640:400:'n*4':20", "-loop", "0"),
        MediaFormat.Mp4 => workshop.Film("mp4", 4, "-c:v", "libx264", "-g", "25"),
        MediaFormat.Mov => workshop.Film("mov", 2, "-c:v", "mpeg4", "-q:v", "3"),
        MediaFormat.Avi => workshop.Film("avi", 2, "-c:v", "mjpeg", "-q:v", "3"),
        MediaFormat.Mkv => workshop.Film("mkv", 2, "-c:v", "libx264"),
        MediaFormat.Webm => workshop.Film("webm", 2, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Twelve frames of 80 ms; the encoder stores only what changes of each.</summary>
    public static string AnimatedWebp(MediaWorkshop workshop) => workshop.Make(
        "animated.webp", "-i", Of(workshop, MediaFormat.Gif), "-c:v", "libwebp_anim", "-q:v", "80", "-loop", "0");
}
