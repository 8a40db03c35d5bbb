using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.FrameService;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;
using Deepfake.InferenceWorker.Inference;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Benchmarks;

/// <summary>Processor seconds of the bare parts for one clip.</summary>
/// <param name="Decode">ffmpeg with the product's arguments, its output read and thrown away.</param>
/// <param name="Detect">The face finder on the frames that the product takes.</param>
/// <param name="Score">Every model on the crops that the product cuts.</param>
internal readonly record struct BareSeconds(double Decode, double Detect, double Score)
{
    /// <summary>All of them.</summary>
    public double Total => Decode + Detect + Score;
}

/// <summary>
/// What analysing a clip cannot do without, in a tight loop in this process: no messages, no files, no packs, no forensics, nothing
/// measured of a crop. Frames and crops are prepared beforehand, so neither choosing frames nor cutting crops is counted.
/// </summary>
internal sealed class BareParts : IDisposable
{
    private readonly FrameServiceOptions _options = new();
    private readonly FaceFinder _finder;
    private readonly Ensemble _ensemble;
    private readonly List<string> _ffmpeg;
    private readonly List<(byte[] Pixels, int Width, int Height)> _frames = [];
    private readonly List<FacePixels> _crops = [];
    private readonly SearchEffort _effort;

    private BareParts(string path, MediaFacts facts, SamplePlan plan)
    {
        var provider = new CpuExecutionProvider();
        _finder = FaceFinderFactory.Create(_options, NullLogger.Instance);
        _ensemble = Ensemble.Load(
            Path.Combine(AppContext.BaseDirectory, "models"), provider, provider.Shape(Environment.ProcessorCount), NullLogger.Instance, CancellationToken.None);
        _ffmpeg = FfmpegCommand.Arguments(new FrameSource(_options).Request(path, facts, plan), _options.DecodeThreads);
        _effort = plan.Mode == SampleMode.Still ? SearchEffort.Thorough : SearchEffort.Quick;
    }

    /// <summary>Frames that the detector sees.</summary>
    public int Frames => _frames.Count;

    /// <summary>Crops that the models see.</summary>
    public int Crops => _crops.Count;

    /// <summary>Models that run.</summary>
    public int Models => _ensemble.Sessions.Count;

    /// <summary>Takes the frames and crops of a film as the product does.</summary>
    public static async Task<BareParts> PrepareAsync(string path)
    {
        var options = new FrameServiceOptions();
        var facts = await new MediaProber(options).ProbeAsync(path, MediaFormat.Mp4, CancellationToken.None);
        var plan = SamplePlanner.Plan(facts.Kind, facts.Seconds, facts.Frames, (long)facts.Width * facts.Height, options);
        if (plan.Mode == SampleMode.Jumps) throw new ArgumentException("Only media that one ffmpeg decodes are measured bare.", nameof(path));
        var parts = new BareParts(path, facts, plan);
        var frames = new FrameSource(options).ReadAsync(path, facts, plan, new DecodeReport(), CancellationToken.None);
        await foreach (var frame in new FaceExtractor(parts._finder, options).ExtractAsync(frames, plan, new StageClock(), CancellationToken.None))
        {
            parts._frames.Add((frame.Picture.Pixels.ToArray(), frame.Picture.Width, frame.Picture.Height));
            foreach (var face in frame.Faces) parts._crops.Add(new FacePixels(face.Crop.ToArray(), face.Native.ToArray(), face.Info.Native));
        }

        return parts;
    }

    /// <summary>Runs the parts once, one behind the other.</summary>
    public async Task<BareSeconds> RunAsync()
    {
        var began = Now();
        await DecodeAsync();
        var decoded = Now();
        foreach (var (pixels, width, height) in _frames) _finder.Find(new RgbView(pixels, width, height), _effort);
        var detected = Now();
        return new BareSeconds(decoded - began, detected - decoded, Score());
    }

    /// <summary>Runs the models alone; processor seconds.</summary>
    public double Score()
    {
        var began = Now();
        var scores = new float[_crops.Count];
        foreach (var model in _ensemble.Sessions) model.Score(_crops, scores);
        return Now() - began;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _finder.Dispose();
        _ensemble.Dispose();
    }

    private static double Now() => ProcessMeter.CpuSeconds(Environment.ProcessId);

    private async Task DecodeAsync()
    {
        using var ffmpeg = Process.Start(new ProcessStartInfo(_options.Ffmpeg, _ffmpeg) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await Task.WhenAll(ffmpeg.StandardOutput.BaseStream.CopyToAsync(Stream.Null, 1 << 18), ffmpeg.StandardError.BaseStream.CopyToAsync(Stream.Null));
        await ffmpeg.WaitForExitAsync();
        if (ffmpeg.ExitCode != 0) throw new InvalidOperationException($"ffmpeg ended with {ffmpeg.ExitCode}.");
    }
}
