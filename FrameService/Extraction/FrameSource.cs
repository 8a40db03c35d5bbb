using System.Diagnostics;
using System.Runtime.CompilerServices;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;

namespace Deepfake.FrameService.Extraction;

/// <summary>A frame that was taken, and whether the scene changed since the one before.</summary>
internal readonly record struct SampledFrame(VideoFrame Frame, bool AfterCut);

/// <summary>Delivers the sampled frames of a medium in order of time, decoding ahead of who reads them.</summary>
internal sealed class FrameSource(FrameServiceOptions options)
{
    /// <summary>Inputs one ffmpeg jumps through; each costs a decoder's memory.</summary>
    private const int JumpsPerChild = 8;

    /// <summary>Source frames per candidate from which it does not matter if the one or the other is left out.</summary>
    private const int SparseFrames = 6;

    private readonly AnimatedWebpDecoder _webp = new(options.Ffmpeg);
    private readonly FfmpegDecoder _decoder = new(options.Ffmpeg, options.DecodeThreads);

    /// <summary>Decodes and samples. The reader disposes the frames.</summary>
    /// <exception cref="DecodeTimeoutException">Nothing came in time.</exception>
    /// <exception cref="InvalidDataException">The decoder's output is damaged or too large.</exception>
    public IAsyncEnumerable<SampledFrame> ReadAsync(string path, MediaFacts facts, SamplePlan plan, DecodeReport report, CancellationToken cancellationToken)
    {
        if (facts.AnimatedWebp is not null) return WithCuts(Prefetch(SplitWebp(path, facts, plan, report, cancellationToken), cancellationToken), cancellationToken);
        var request = Request(path, facts, plan);
        return plan.Mode switch
        {
            SampleMode.Jumps => WithCuts(Distinct(JumpAsync(request, plan.Instants, JumpsAtOnce(facts), report, cancellationToken), cancellationToken), cancellationToken),
            SampleMode.OnePass => SelectAsync(Prefetch(_decoder.DecodeAsync(request, report, null, cancellationToken), cancellationToken), plan, cancellationToken),
            _ => WithCuts(Prefetch(_decoder.DecodeAsync(request, report, null, cancellationToken), cancellationToken), cancellationToken),
        };
    }

    private IAsyncEnumerable<VideoFrame> SplitWebp(string path, MediaFacts facts, SamplePlan plan, DecodeReport report, CancellationToken cancellationToken)
    {
        // Every frame up to the last wanted one is decoded: very long or large ones are looked at only as far as the budget goes.
        var affordable = (int)Math.Clamp(options.OnePassPixels / ((double)facts.Width * facts.Height), 1, facts.Frames);
        return _webp.DecodeAsync(
            path, facts.AnimatedWebp!, i => i < affordable && SamplePlanner.IsTaken(i, plan.Frames, affordable), TimeSpan.FromSeconds(options.DecodeSeconds), report, cancellationToken);
    }

    /// <summary>What one ffmpeg is asked for; jumps come on top.</summary>
    public DecodeRequest Request(string path, MediaFacts facts, SamplePlan plan) => new()
    {
        Path = path,
        Demuxer = FfmpegCommand.Demuxer(facts.Format),
        Select = SamplePlanner.SelectExpression(plan),
        ReferenceFramesOnly = plan.Mode == SampleMode.OnePass && facts.Frames >= SparseFrames * plan.Instants.Count,
        HasAlpha = facts.HasAlpha,
        MaxSide = plan.Mode == SampleMode.Still ? (int)Math.Min(options.DecodePixels, 65_535) : options.DecodeSide,
        MaxPixels = plan.Mode == SampleMode.Still ? options.DecodePixels : (long)options.DecodeSide * options.DecodeSide,
        SourcePixels = facts.Kind == MediaKind.Video ? options.MaxFilmPixels : options.MaxPixels,
        MaxFrames = plan.Mode == SampleMode.OnePass ? plan.Instants.Count : plan.Frames,
        Limit = TimeSpan.FromSeconds(options.DecodeSeconds),
    };

    /// <summary>Inputs of one ffmpeg: its decoders all live until it ends, so the larger the frames the fewer there are.</summary>
    internal int JumpsAtOnce(MediaFacts facts) => (int)Math.Clamp(options.JumpPixels / ((long)facts.Width * facts.Height), 1, JumpsPerChild);

    /// <summary>
    /// Groups of jumps, the next one decoding while this one is read. Where the first jumps land on one or two key frames only, jumping
    /// is no use: the rest is decoded in one pass, as far as the time limit allows.
    /// </summary>
    private async IAsyncEnumerable<VideoFrame> JumpAsync(
        DecodeRequest request, IReadOnlyList<double> instants, int atOnce, DecodeReport report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var groups = instants.Chunk(atOnce).Select(seeks => request with { Seeks = seeks, MaxFrames = seeks.Length }).ToList();
        var last = double.NegativeInfinity;
        var (useless, taken, asked) = (false, 0, 0);
        FramePrefetch? next = null;
        try
        {
            for (var i = 0; i < groups.Count && !useless; i++)
            {
                await using var current = next ?? Start(groups[i]);
                next = i + 1 < groups.Count ? Start(groups[i + 1]) : null;
                var distinct = 0;
                while (await current.MoveNextAsync())
                {
                    var frame = current.Current;
                    if (frame.Seconds > last + 1e-6) distinct++;
                    last = Math.Max(last, frame.Seconds);
                    yield return frame;
                }

                taken += distinct;
                var before = asked;
                asked += groups[i].Seeks.Count;
                useless = before < JumpsPerChild && asked >= Math.Min(JumpsPerChild, instants.Count) && taken <= asked / 4;
            }
        }
        finally
        {
            if (next is not null) await next.DisposeAsync();
        }

        if (!useless) yield break;
        var rest = instants.Skip(taken).Where(instant => instant > last).ToList();
        if (rest.Count == 0) yield break;
        await using var pass = Start(request with { Select = SamplePlanner.Crossings(rest), MaxFrames = rest.Count });
        while (await pass.MoveNextAsync()) yield return pass.Current;

        FramePrefetch Start(DecodeRequest part)
        {
            var left = request.Limit - Stopwatch.GetElapsedTime(started);
            return new FramePrefetch(
                _decoder.DecodeAsync(part with { Limit = left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1) }, report, null, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Drops frames that do not come after the one before.</summary>
    private static async IAsyncEnumerable<VideoFrame> Distinct(IAsyncEnumerable<VideoFrame> frames, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = double.NegativeInfinity;
        await foreach (var frame in frames.WithCancellation(cancellationToken))
        {
            if (frame.Seconds <= last + 1e-6)
            {
                frame.Dispose();
                continue;
            }

            last = frame.Seconds;
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<SampledFrame> WithCuts(IAsyncEnumerable<VideoFrame> frames, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SceneSignature? before = null;
        await foreach (var frame in frames.WithCancellation(cancellationToken))
        {
            var signature = new SceneSignature(frame.View);
            var cut = before is not null && signature.DifferenceTo(before) > SceneSignature.CutThreshold;
            before = signature;
            yield return new SampledFrame(frame, cut);
        }
    }

    private static async IAsyncEnumerable<SampledFrame> SelectAsync(
        IAsyncEnumerable<VideoFrame> candidates, SamplePlan plan, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var selector = new CandidateSelector<VideoFrame>(plan.Strata);
        SceneSignature? before = null, taken = null;
        var signatures = new Dictionary<VideoFrame, SceneSignature>();
        try
        {
            await foreach (var candidate in candidates.WithCancellation(cancellationToken))
            {
                var signature = signatures[candidate] = new SceneSignature(candidate.View);
                var cut = before is not null && signature.DifferenceTo(before) > SceneSignature.CutThreshold;
                before = signature;
                var winner = selector.Offer(candidate, new CandidateFeatures(candidate.Seconds, signature.IsBlack, cut), out var loser);
                if (loser is not null)
                {
                    signatures.Remove(loser);
                    loser.Dispose();
                }

                if (winner is not null) yield return Take(winner);
            }

            if (selector.Finish() is { } last) yield return Take(last);
        }
        finally
        {
            foreach (var left in signatures.Keys) left.Dispose();
        }

        SampledFrame Take(VideoFrame frame)
        {
            signatures.Remove(frame, out var signature);
            var cut = taken is not null && signature!.DifferenceTo(taken) > SceneSignature.CutThreshold;
            taken = signature;
            return new SampledFrame(frame, cut);
        }
    }

    private static async IAsyncEnumerable<VideoFrame> Prefetch(IAsyncEnumerable<VideoFrame> frames, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var ahead = new FramePrefetch(frames, cancellationToken);
        while (await ahead.MoveNextAsync()) yield return ahead.Current;
    }
}
