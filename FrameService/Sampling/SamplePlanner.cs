using System.Globalization;
using Deepfake.Contracts;

namespace Deepfake.FrameService.Sampling;

/// <summary>Decides which frames of a medium are worth a look. Pure.</summary>
public static class SamplePlanner
{
    /// <summary>The plan for a medium.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="seconds">Its length; 0 where unknown.</param>
    /// <param name="sourceFrames">Its frames; 0 where unknown.</param>
    /// <param name="pixels">Pixels of a frame.</param>
    /// <param name="options">Budgets.</param>
    public static SamplePlan Plan(MediaKind kind, double seconds, int sourceFrames, long pixels, FrameServiceOptions options)
    {
        if (kind == MediaKind.Image) return new SamplePlan { Mode = SampleMode.Still, Frames = 1 };
        if (kind == MediaKind.Animation || seconds <= 0)
        {
            var frames = kind == MediaKind.Animation ? options.FramesPerAnimation : options.FramesPerVideo;
            return new SamplePlan { Mode = SampleMode.ByNumber, Frames = sourceFrames > 0 ? Math.Min(frames, sourceFrames) : frames, SourceFrames = sourceFrames };
        }

        var wanted = sourceFrames > 0 ? Math.Min(options.FramesPerVideo, sourceFrames) : options.FramesPerVideo;
        var strata = Strata(seconds, wanted);
        var total = sourceFrames > 0 ? sourceFrames : seconds * 30;
        if (total * pixels > options.OnePassPixels)
            return new SamplePlan { Mode = SampleMode.Jumps, Frames = wanted, Instants = [.. strata.Select(stratum => stratum.Middle)] };
        return new SamplePlan { Mode = SampleMode.OnePass, Frames = wanted, Strata = strata, Instants = Candidates(strata, options.CandidatesPerFrame) };
    }

    /// <summary>
    /// Splits [0, seconds) into <paramref name="count"/> strata: beginning, middle and end third get equal shares (the middle and the
    /// end one more where the count does not divide), each share evenly spread over its third. Below three, evenly over the whole.
    /// </summary>
    public static IReadOnlyList<Stratum> Strata(double seconds, int count)
    {
        var parts = count < 3 ? 1 : 3;
        var strata = new List<Stratum>(count);
        for (var part = 0; part < parts; part++)
        {
            var share = (part + 1) * count / parts - part * count / parts;
            double start = seconds * part / parts, width = seconds / parts / share;
            for (var i = 0; i < share; i++) strata.Add(new Stratum(start + i * width, i == share - 1 ? seconds * (part + 1) / parts : start + (i + 1) * width));
        }

        return strata;
    }

    /// <summary>
    /// <paramref name="perStratum"/> times in each stratum, in the middle of equal parts: never the very first and last frame, which are
    /// often black.
    /// </summary>
    public static IReadOnlyList<double> Candidates(IReadOnlyList<Stratum> strata, int perStratum) =>
        [.. strata.SelectMany(stratum => Enumerable.Range(0, perStratum).Select(i => stratum.Start + (stratum.End - stratum.Start) * (i + 0.5) / perStratum))];

    /// <summary>Expression of ffmpeg's <c>select</c> filter that passes the frames to look at; null passes all.</summary>
    public static string? SelectExpression(SamplePlan plan) => plan.Mode switch
    {
        SampleMode.OnePass => Crossings(plan.Instants),
        SampleMode.ByNumber when plan.SourceFrames > plan.Frames =>
            FormattableString.Invariant($"gt(floor((n+1)*{plan.Frames}/{plan.SourceFrames}),floor(n*{plan.Frames}/{plan.SourceFrames}))"),
        _ => null,
    };

    /// <summary>Whether frame number <paramref name="n"/> (from 0) is one of <paramref name="frames"/> taken evenly out of <paramref name="of"/>.</summary>
    public static bool IsTaken(int n, int frames, int of) => frames >= of || (n + 1L) * frames / of > (long)n * frames / of;

    /// <summary>
    /// Passes a frame when more instants lie behind it than behind the one before: the first at or after each. ffmpeg allows about a
    /// hundred terms, so instants of equal distance are counted by one term.
    /// </summary>
    public static string Crossings(IReadOnlyList<double> instants)
    {
        var terms = new List<string>();
        for (var i = 0; i < instants.Count;)
        {
            var step = i + 1 < instants.Count ? instants[i + 1] - instants[i] : 1;
            var count = 1;
            while (i + count < instants.Count && Math.Abs(instants[i + count] - instants[i] - count * step) < 1e-6) count++;
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"clip(floor((t-{instants[i]:0.#########})/{step:0.############}+1.000001),0,{count})"));
            i += count;
        }

        return $"st(1,{string.Join('+', terms)});gt(ld(1),ld(0))*(1+0*st(0,ld(1)))";
    }
}
