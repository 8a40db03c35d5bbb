using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.FrameService.Export;

/// <summary>
/// <c>crops --list FILE.csv --out DIR [--frames N]</c>: the crops that serving would make, for training. Images of one size share an
/// ffmpeg; each medium gives its rows in <c>crops.csv</c> and its pixels in <c>crops-NNNNN.safetensors</c>.
/// </summary>
internal sealed class CropsCommand(FrameServiceOptions options, FaceFinder finder, CropsWriter writer)
{
    private const int ImagesPerChild = 64;

    private readonly FfmpegDecoder _decoder = new(options.Ffmpeg, 1);

    /// <summary>Usage.</summary>
    public const string Usage = """
        Usage: Deepfake.FrameService crops --list FILE.csv --out DIR [--frames N] [--rows N]
          --list    CSV with a header and a column "path": images and videos, absolute or relative to the folder of the CSV.
          --out     Folder for crops.csv and crops-NNNNN.safetensors (tensor "faces", uint8 [N, 256, 256, 3], RGB, and "native_0" …, uint8
                    [S, S, 3]: the faces at their own resolution). Replaced.
          --frames  Frames sampled from a video (default 32).
          --rows    Crops in one safetensors file (default 250).
        crops.csv: path (as in the list), pack, row, seconds, track, x, y, width, height (box in source pixels), confidence, detector
        (blazeface-256, blazeface-128 or none: no face, the whole image is the box), size, sharpness, brightness, yaw, roll,
        l0x … l5y (landmarks in crop pixels: right eye, left eye, nose, mouth, right ear, left ear; empty for detector none).
        Rows follow the list; media that cannot be read are named on stderr and have no rows.
        """;

    /// <summary>Runs the command line.</summary>
    /// <returns>0, 1 when some media could not be read, 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < arguments.Length; i += 2) named[arguments[i]] = arguments[i + 1];
        if (arguments.Length % 2 != 0 || !named.TryGetValue("--list", out var list) || !named.TryGetValue("--out", out var folder)
            || named.Keys.Except(["--list", "--out", "--frames", "--rows"]).Any())
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var options = new FrameServiceOptions();
        if (named.TryGetValue("--frames", out var frames)) options.FramesPerVideo = options.FramesPerAnimation = int.Parse(frames, CultureInfo.InvariantCulture);
        var rows = named.TryGetValue("--rows", out var perPack) ? int.Parse(perPack, CultureInfo.InvariantCulture) : 250;
        Directory.CreateDirectory(folder);
        using var finder = FaceFinderFactory.Create(options, NullLogger.Instance);
        await using var writer = new CropsWriter(folder, rows);
        var watch = Stopwatch.StartNew();
        var (done, failed) = await new CropsCommand(options, finder, writer).RunAsync(MediaList.Read(list), cancellationToken);
        await writer.FinishAsync(cancellationToken);
        await Console.Error.WriteLineAsync(
            $"{done} media, {failed} unreadable, {writer.Rows} crops, {watch.Elapsed.TotalSeconds:0.0} s, {done / watch.Elapsed.TotalSeconds:0.0} media/s");
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Media are worked on side by side and written in the order of the list.</summary>
    private async Task<(int Done, int Failed)> RunAsync(IReadOnlyList<ListedMedium> media, CancellationToken cancellationToken)
    {
        int done = 0, failed = 0;
        var running = new Queue<Task<List<MediumCrops>>>();
        await foreach (var batch in BatchesAsync(media, cancellationToken))
        {
            if (running.Count == Environment.ProcessorCount) await WriteNextAsync();
            running.Enqueue(Task.Run(batch, cancellationToken));
        }

        while (running.Count > 0) await WriteNextAsync();
        return (done, failed);

        async Task WriteNextAsync()
        {
            foreach (var (medium, faces, fault) in await running.Dequeue())
            {
                if (fault is null) await writer.WriteAsync(medium.Name, faces, cancellationToken);
                else failed++;
                if (fault is not null) await Console.Error.WriteLineAsync($"{medium.Name}: {fault}");
                if (++done % 1000 == 0) await Console.Error.WriteLineAsync($"{done} of {media.Count} media, {writer.Rows} crops");
            }
        }
    }

    /// <summary>What to do for each stretch of the list: images of one size together, everything else alone.</summary>
    private async IAsyncEnumerable<Func<Task<List<MediumCrops>>>> BatchesAsync(IReadOnlyList<ListedMedium> media, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<ListedImage>();
        foreach (var medium in media)
        {
            var image = await ListedImage.TryLoadAsync(medium, options.MaxPixels, cancellationToken);
            if (batch.Count > 0 && (image is null || !image.FitsWith(batch[0]) || batch.Count == ImagesPerChild))
            {
                var full = batch;
                batch = [];
                yield return () => ImagesAsync(full, cancellationToken);
            }

            if (image is not null) batch.Add(image);
            else yield return async () => [await MediumAsync(medium, cancellationToken)];
        }

        if (batch.Count > 0) yield return () => ImagesAsync(batch, cancellationToken);
    }

    /// <summary>Decodes images of one size in one child; one by one when the child does not deliver exactly one frame an image.</summary>
    private async Task<List<MediumCrops>> ImagesAsync(List<ListedImage> batch, CancellationToken cancellationToken)
    {
        var report = new DecodeReport();
        var request = new DecodeRequest
        {
            Demuxer = "jpeg_pipe",
            MaxSide = (int)Math.Min(options.DecodePixels, 65_535),
            MaxPixels = options.DecodePixels,
            SourcePixels = options.MaxPixels,
            MaxFrames = batch.Count,
            Limit = TimeSpan.FromSeconds(options.DecodeSeconds),
        };
        var results = new List<List<ExtractedFace>>(batch.Count);
        try
        {
            await foreach (var frame in _decoder.DecodeAsync(request, report, (input, token) => WriteAsync(input, batch, token), cancellationToken))
            {
                using (frame)
                {
                    frame.Seconds = 0;
                    results.Add(Still(frame));
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or DecodeTimeoutException)
        {
            results.Clear();
        }

        if (!report.Failed && report.Errors.Length == 0 && results.Count == batch.Count) return [.. batch.Zip(results, (image, faces) => new MediumCrops(image.Medium, faces))];
        var alone = new List<MediumCrops>(batch.Count);
        foreach (var image in batch) alone.Add(await MediumAsync(image.Medium, cancellationToken));
        return alone;
    }

    private static async Task WriteAsync(Stream input, List<ListedImage> batch, CancellationToken cancellationToken)
    {
        foreach (var image in batch) await input.WriteAsync(image.Bytes, cancellationToken);
    }

    private List<ExtractedFace> Still(VideoFrame frame)
    {
        var faces = finder.Find(frame.View, SearchEffort.Thorough).Take(options.FacesPerFrame).ToList();
        if (faces.Count == 0) return [WholeImage(frame)];
        return [.. faces.Select((face, i) => FaceExtractor.Extract(frame, face, face.Scale(frame.Scale), i + 1, new FaceBuffers()))];
    }

    /// <summary>Sets of ready-made face crops: where no face is seen, the image is taken for the face.</summary>
    private static ExtractedFace WholeImage(VideoFrame frame)
    {
        float width = frame.Width, height = frame.Height;
        float[] upright = [width * 0.3f, height * 0.4f, width * 0.7f, height * 0.4f, width / 2, height * 0.6f, width / 2, height * 0.8f, 0, height / 2, width, height / 2];
        var face = new DetectedFace(new Box(0, 0, width, height), upright, 0, "none");
        var extracted = FaceExtractor.Extract(frame, face, face.Scale(frame.Scale), 1, new FaceBuffers());
        return extracted with { Info = extracted.Info with { Landmarks = [] } };
    }

    private async Task<MediumCrops> MediumAsync(ListedMedium medium, CancellationToken cancellationToken)
    {
        try
        {
            return new MediumCrops(medium, await FacesAsync(medium, cancellationToken));
        }
        catch (Exception e) when (e is MediaException or InvalidDataException or DecodeTimeoutException or IOException)
        {
            return new MediumCrops(medium, [], e.Message);
        }
    }

    private async Task<List<ExtractedFace>> FacesAsync(ListedMedium medium, CancellationToken cancellationToken)
    {
        var format = MediaList.Format(medium.Path) ?? throw new InvalidDataException("unknown format");
        var facts = await new MediaProber(options).ProbeAsync(medium.Path, format, cancellationToken);
        var plan = SamplePlanner.Plan(facts.Kind, facts.Seconds, facts.Frames, (long)facts.Width * facts.Height, options);
        var report = new DecodeReport();
        var frames = new FrameSource(options).ReadAsync(medium.Path, facts, plan, report, cancellationToken);
        var faces = new List<ExtractedFace>();
        if (plan.Mode == SampleMode.Still)
        {
            await foreach (var sampled in frames)
            {
                using (sampled.Frame) faces.AddRange(Still(sampled.Frame));
            }
        }
        else
        {
            await foreach (var frame in new FaceExtractor(finder, options).ExtractAsync(frames, plan, new StageClock(), cancellationToken))
                faces.AddRange(frame.Faces.Select(face => face with { Crop = face.Crop.ToArray(), Native = face.Native.ToArray() }));
        }

        return report.Frames > 0 ? faces : throw new InvalidDataException("no frame could be decoded");
    }

    /// <summary>The crops of one medium, or why there are none.</summary>
    private sealed record MediumCrops(ListedMedium Medium, IReadOnlyList<ExtractedFace> Faces, string? Fault = null);
}
