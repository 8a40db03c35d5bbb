using Deepfake.Contracts;
using Deepfake.FrameService;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;
using Microsoft.Extensions.Logging.Abstractions;
using Cv2 = OpenCvSharp.Cv2;

namespace Deepfake.Benchmarks.Images;

/// <summary>A frame of the clip and the crops that the product cuts from it.</summary>
internal sealed record CutFrame(byte[] Pixels, int Width, int Height, IReadOnlyList<CropGeometry> Crops)
{
    public RgbView View => new(Pixels, Width, Height);
}

/// <summary>Image work by this repository's code and by OpenCV, side by side.</summary>
internal static class ImagesCommand
{
    /// <summary>Measures everything.</summary>
    public static async Task RunAsync(Media media)
    {
        // As in the product: a comparison of one thread with one thread.
        Cv2.SetNumThreads(1);
        var frames = await FramesAsync(media.Clip);
        Console.WriteLine($"{frames.Count} frames of {frames[0].Width} x {frames[0].Height}, {frames.Sum(frame => frame.Crops.Count)} crops at {frames.SelectMany(f => f.Crops).Min(c => c.Scale):0.00} to {frames.SelectMany(f => f.Crops).Max(c => c.Scale):0.00} picture pixels a crop pixel; OpenCV {Cv2.GetVersionString()}, 1 thread");
        Console.WriteLine($"{"milliseconds a piece",-58} {"ours",9} {"OpenCV",9}");
        CropRows.Print(frames);
        await ForensicRows.PrintAsync(media.Clip);
        PictureRows.Print(frames);
    }

    private static async Task<List<CutFrame>> FramesAsync(string film)
    {
        var options = new FrameServiceOptions();
        using var finder = FaceFinderFactory.Create(options, NullLogger.Instance);
        var facts = await new MediaProber(options).ProbeAsync(film, MediaFormat.Mp4, CancellationToken.None);
        var plan = SamplePlanner.Plan(facts.Kind, facts.Seconds, facts.Frames, (long)facts.Width * facts.Height, options);
        var frames = new List<CutFrame>();
        await foreach (var sampled in new FrameSource(options).ReadAsync(film, facts, plan, new DecodeReport(), CancellationToken.None))
        {
            using var picture = sampled.Frame;
            var faces = finder.Find(picture.View, SearchEffort.Quick);
            frames.Add(new CutFrame(picture.Pixels.ToArray(), picture.Width, picture.Height, [.. faces.Select(CropGeometry.Of)]));
        }

        return frames;
    }
}
