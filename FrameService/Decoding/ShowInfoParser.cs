using System.Globalization;
using System.Text.RegularExpressions;

namespace Deepfake.FrameService.Decoding;

/// <summary>What ffmpeg's <c>showinfo</c> says of a frame.</summary>
/// <param name="Input">Number of the input.</param>
/// <param name="Seconds">Time stamp in seconds; 0 where the source has none.</param>
/// <param name="Width">Width of the source frame after rotation.</param>
/// <param name="Height">Height of the source frame after rotation.</param>
internal readonly record struct ShownFrame(int Input, double Seconds, int Width, int Height);

/// <summary>
/// Reads the lines of <c>showinfo</c>. Times come from the integer time stamp and the time base, because <c>pts_time</c> is printed
/// with six digits only: a tenth of a second after a quarter of an hour.
/// </summary>
internal sealed partial class ShowInfoParser
{
    private readonly Dictionary<int, double> _timeBases = [];

    /// <summary>CPU seconds of the child, from its last line; null before.</summary>
    public double? CpuSeconds { get; private set; }

    /// <summary>Takes one line of stderr; answers with a frame when the line describes one.</summary>
    public ShownFrame? Read(string line)
    {
        if (Bench().Match(line) is { Success: true } bench)
        {
            CpuSeconds = Number(bench.Groups["user"]) + Number(bench.Groups["system"]);
            return null;
        }

        if (TimeBase().Match(line) is { Success: true } config)
        {
            var denominator = Number(config.Groups["denominator"]);
            if (denominator > 0) _timeBases[(int)Number(config.Groups["input"])] = Number(config.Groups["numerator"]) / denominator;
            return null;
        }

        if (Frame().Match(line) is not { Success: true } frame) return null;
        var input = (int)Number(frame.Groups["input"]);
        var ticks = frame.Groups["pts"].Value == "NOPTS" ? 0 : Number(frame.Groups["pts"]);
        return new ShownFrame(input, ticks * _timeBases.GetValueOrDefault(input), (int)Number(frame.Groups["width"]), (int)Number(frame.Groups["height"]));
    }

    private static double Number(Group group) => double.Parse(group.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\[showinfo@(?<input>\d{1,4}) @ [^\]]*\] \[info\] config in time_base: (?<numerator>\d{1,10})/(?<denominator>\d{1,10}),", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 100)]
    private static partial Regex TimeBase();

    [GeneratedRegex(@"^\[showinfo@(?<input>\d{1,4}) @ [^\]]*\] \[info\] n: *\d+ pts: *(?<pts>-?\d{1,18}|NOPTS) .* s:(?<width>\d{1,9})x(?<height>\d{1,9}) ", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 100)]
    private static partial Regex Frame();

    [GeneratedRegex(@"^\[info\] bench: utime=(?<user>[\d.]+)s stime=(?<system>[\d.]+)s", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 100)]
    private static partial Regex Bench();
}
