using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Deepfake.FrameService.Decoding;

/// <summary>Decodes with ffmpeg as a child. Frames come in order, each once; the caller disposes them.</summary>
/// <param name="program">Name or path of ffmpeg.</param>
/// <param name="threads">Decoder threads, ≥ 1.</param>
internal sealed class FfmpegDecoder(string program, int threads)
{
    /// <summary>
    /// Runs one child and hands out its frames. Times of jumps are media times. Ends quietly when the child ends, whatever its exit code:
    /// a film with a damaged tail still has frames; <paramref name="report"/> says how it went.
    /// </summary>
    /// <param name="request">What to decode.</param>
    /// <param name="report">Filled when the enumeration ends.</param>
    /// <param name="feed">Writes the child's input; where the request has no path.</param>
    /// <param name="cancellationToken">Kills the child.</param>
    /// <exception cref="DecodeTimeoutException">The child did not end within its limit.</exception>
    /// <exception cref="InvalidDataException">The child's output is damaged or too large.</exception>
    public async IAsyncEnumerable<VideoFrame> DecodeAsync(
        DecodeRequest request, DecodeReport report, Func<Stream, CancellationToken, Task>? feed = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var shown = Channel.CreateUnbounded<ShownFrame>(new UnboundedChannelOptions { SingleReader = true });
        var parser = new ShowInfoParser();
        await using var child = ChildProcess.Start(
            program,
            FfmpegCommand.Arguments(request, threads),
            request.Limit,
            feed is not null,
            line =>
            {
                if (parser.Read(line) is { } frame) shown.Writer.TryWrite(frame);
            },
            cancellationToken);
        var feeding = feed is null ? Task.CompletedTask : child.FeedAsync(feed, cancellationToken);
        var reader = new PpmReader(child.Output, request.MaxPixels + request.MaxSide, (request.MaxPixels + request.MaxSide) * 3L * request.MaxFrames);
        var count = 0;
        while (count < request.MaxFrames && await NextAsync(reader, child, request, cancellationToken) is { } frame)
        {
            // showinfo wrote its line before the frame left the filter graph; only our reading of it may lag behind.
            var info = await WaitAsync(shown.Reader, cancellationToken);
            var origin = request.Seeks.Count > 0 ? request.Seeks[Math.Min(info.Input, request.Seeks.Count - 1)] : 0;
            (frame.Seconds, frame.SourceWidth, frame.SourceHeight) = (Math.Max(0, origin + info.Seconds), info.Width, info.Height);
            count++;
            yield return frame;
        }

        var code = await child.WaitAsync();
        await feeding;
        cancellationToken.ThrowIfCancellationRequested();
        if (child.WasKilled) throw new DecodeTimeoutException($"Decoding took longer than {request.Limit.TotalSeconds:0} s.");
        report.Add(code, count, child.ErrorTail, parser.CpuSeconds ?? 0);
    }

    private static async Task<VideoFrame?> NextAsync(PpmReader reader, ChildProcess child, DecodeRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(cancellationToken);
        }
        catch (InvalidDataException e) when (child.WasKilled && !cancellationToken.IsCancellationRequested)
        {
            throw new DecodeTimeoutException($"Decoding took longer than {request.Limit.TotalSeconds:0} s.", e);
        }
    }

    private static async Task<ShownFrame> WaitAsync(ChannelReader<ShownFrame> shown, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            return await shown.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidDataException("The decoder delivered a frame without its description.", e);
        }
    }
}

/// <summary>How the children of one decoding did.</summary>
internal sealed class DecodeReport
{
    /// <summary>Whether a child ended with an error.</summary>
    public bool Failed { get; private set; }

    /// <summary>Frames delivered.</summary>
    public int Frames { get; private set; }

    /// <summary>CPU seconds of the children.</summary>
    public double CpuSeconds { get; private set; }

    /// <summary>The last errors, for logs; may hold names of local files.</summary>
    public string Errors { get; private set; } = "";

    /// <summary>Adds one child.</summary>
    public void Add(int exitCode, int frames, string errors, double cpuSeconds)
    {
        lock (this)
        {
            Failed |= exitCode != 0;
            Frames += frames;
            CpuSeconds += cpuSeconds;
            if (errors.Length > 0) Errors = errors;
        }
    }
}

/// <summary>A child did not end within its limit.</summary>
public sealed class DecodeTimeoutException(string message, Exception? cause = null) : Exception(message, cause);
