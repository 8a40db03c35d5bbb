using System.Text.RegularExpressions;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>What the command line of <c>evaluate</c> asks for.</summary>
internal sealed record EvaluateOptions
{
    public const string Usage = """
        usage: evaluate [--out DIR] [--group-by REGEX] [--cluster-by REGEX] [--rounds N] [--degrade LIST] [--protocol] DIR
          DIR           holds real/ and fake/; images, animations and videos at any depth below.
          --out         where evaluation.json, .md, .csv and the pictures go (default: evaluation). Files of an earlier run are replaced.
          --group-by    matched against each path (real/…, fake/…); files with the same first group are one medium: frames of one video.
          --cluster-by  the same for the intervals: media with the same first group show the same people and are resampled together.
          --rounds      rounds of resampling for the intervals (default 1000).
          --degrade     scores degraded copies as well and says what it costs; names with commas between: jpegQ (images, as with quality Q
                        of libjpeg), crfN (videos, libx264), half, quarter (both, scaled down). Animations are left as they are.
          --protocol    measures each kind of fakes by itself: the media of fake/KIND/ against those of real/KIND/ (or real/K/ for a KIND that
                        begins with K_, or else all of real/): fusion, best model, verdicts, and what degradations leave of it.
        """;

    /// <summary>The set.</summary>
    public required string Directory { get; init; }

    /// <summary>Where results go.</summary>
    public string Output { get; init; } = "evaluation";

    /// <summary>Says which files are one medium; null: each is one.</summary>
    public Regex? GroupBy { get; init; }

    /// <summary>Says which media are resampled together; null: those of one group.</summary>
    public Regex? ClusterBy { get; init; }

    /// <summary>Rounds of resampling; 0 for no intervals.</summary>
    public int Rounds { get; init; } = 1000;

    /// <summary>How media are degraded for a second, third … scoring.</summary>
    public IReadOnlyList<Degradation> Degradations { get; init; } = [];

    /// <summary>Whether each kind of fakes is measured by itself.</summary>
    public bool Protocol { get; init; }

    /// <summary>Reads a command line; null when it cannot be understood.</summary>
    public static EvaluateOptions? Read(ReadOnlySpan<string> arguments)
    {
        var options = new EvaluateOptions { Directory = "" };
        for (; arguments.Length > 0; arguments = arguments[1..])
        {
            if (arguments[0] == "--protocol")
            {
                options = options with { Protocol = true };
                continue;
            }

            if (!arguments[0].StartsWith("--", StringComparison.Ordinal))
            {
                if (options.Directory.Length > 0) return null;
                options = options with { Directory = arguments[0] };
                continue;
            }

            if (arguments.Length == 1 || options.With(arguments[0], arguments[1]) is not { } more) return null;
            options = more;
            arguments = arguments[1..];
        }

        return options.Directory.Length > 0 ? options : null;
    }

    private EvaluateOptions? With(string name, string value) => name switch
    {
        "--out" when value.Length > 0 => this with { Output = value },
        "--group-by" when Pattern(value) is { } pattern => this with { GroupBy = pattern },
        "--cluster-by" when Pattern(value) is { } pattern => this with { ClusterBy = pattern },
        "--rounds" when int.TryParse(value, out var rounds) && rounds is >= 0 and <= 100_000 => this with { Rounds = rounds },
        "--degrade" when Names(value) is { } names => this with { Degradations = names },
        _ => null,
    };

    private static List<Degradation>? Names(string value)
    {
        var names = value.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal).Select(Degradation.Parse).ToList();
        return names.Contains(null) ? null : [.. names.Select(name => name!)];
    }

    private static Regex? Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
