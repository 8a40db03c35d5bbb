using System.Diagnostics;
using System.Globalization;

namespace Deepfake.Benchmarks.Images;

/// <summary>Two ways of one piece of work, timed by turns on the same data in one process.</summary>
internal static class Comparison
{
    private const int Rounds = 15;

    /// <summary>Prints milliseconds a piece of both and how far their results lie apart.</summary>
    /// <param name="what">The work, and what a piece of it is.</param>
    /// <param name="pieces">Pieces that one call works through.</param>
    /// <param name="ours">Code of this repository.</param>
    /// <param name="openCv">The same by OpenCV.</param>
    /// <param name="difference">What both made, compared.</param>
    public static void Print(string what, int pieces, Action ours, Action openCv, string difference)
    {
        ours();
        openCv();
        double mine = double.MaxValue, theirs = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            // The best of them: others' work on the machine only ever adds to a time.
            mine = Math.Min(mine, Milliseconds(ours) / pieces);
            theirs = Math.Min(theirs, Milliseconds(openCv) / pieces);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-58} {mine,9:0.0000} {theirs,9:0.0000}   {difference}"));
    }

    /// <summary>Largest and mean absolute difference of two results.</summary>
    public static string Apart(IEnumerable<(double Ours, double Theirs)> pairs, string unit = "grey levels")
    {
        double largest = 0, sum = 0;
        long count = 0, beyond = 0;
        foreach (var (ours, theirs) in pairs)
        {
            var apart = Math.Abs(ours - theirs);
            largest = Math.Max(largest, apart);
            sum += apart;
            count++;
            if (apart > 1) beyond++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"max {largest:G3}, mean {sum / count:G3} {unit}{(unit == "grey levels" ? $", {100.0 * beyond / count:G2} % beyond 1" : "")}");
    }

    private static double Milliseconds(Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
