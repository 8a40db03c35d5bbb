using System.Diagnostics;
using System.Globalization;

namespace Deepfake.Benchmarks;

/// <summary>Measures and prints, one figure after the other.</summary>
internal sealed class Figures(Product product, Media media)
{
    private const int Rounds = 5;

    /// <summary>Until the runtime has compiled for good what runs often.</summary>
    private const int WarmUps = 3;

    /// <summary>Processor time of the product over that of its bare parts, and the time a clip takes. Runs alternate: the machine's moods hit both.</summary>
    /// <returns>Median seconds of the clip, without its upload.</returns>
    public async Task<double> ClipAsync()
    {
        using var bare = await BareParts.PrepareAsync(media.Clip);
        for (var i = 0; i < WarmUps; i++)
        {
            await product.CompleteAsync(media.Clip);
            await bare.RunAsync();
        }

        var whole = new List<Outcome>();
        var parts = new List<BareSeconds>();
        for (var i = 0; i < Rounds; i++)
        {
            whole.Add(await product.CompleteAsync(media.Clip));
            parts.Add(await bare.RunAsync());
        }

        Print("Overhead", Median(whole.Select(run => run.CpuSeconds)) / Median(parts.Select(run => run.Total)), "×", "≤ 1.25", $"median of {Rounds} runs of the 30 s clip");
        Print("  product, CPU", Median(whole.Select(run => run.CpuSeconds)), "s", null, Range(whole.Select(run => run.CpuSeconds)));
        Print("  bare parts, CPU", Median(parts.Select(run => run.Total)), "s", null, Range(parts.Select(run => run.Total)));
        Print("    ffmpeg", Median(parts.Select(run => run.Decode)), "s", null, "the product's arguments, output thrown away");
        Print("    face finder", Median(parts.Select(run => run.Detect)), "s", null, $"frames {bare.Frames}");
        Print("    models", Median(parts.Select(run => run.Score)), "s", null, $"crops {bare.Crops}, models {bare.Models}");
        Print("30 s 1080p clip", Median(whole.Select(run => run.Seconds)), "s", "≤ 8 s", $"median of {Rounds}, {Range(whole.Select(run => run.Seconds))}");
        PrintTimings(whole);
        return Median(whole.Select(run => run.Seconds - run.AcceptedSeconds));
    }

    /// <summary>A picture from submission to the last event, on an otherwise idle product.</summary>
    public async Task PhotoAsync()
    {
        const int Runs = 40;
        for (var i = 0; i < 5; i++) await product.CompleteAsync(media.Photo);
        var runs = new List<Outcome>();
        for (var i = 0; i < Runs; i++) runs.Add(await product.CompleteAsync(media.Photo));
        var seconds = runs.Select(run => run.Seconds).Order().ToList();
        Print("One JPEG, p50", Median(seconds), "s", null, $"{Runs} runs, 1920 × 1280");
        Print("One JPEG, p95", seconds[(int)Math.Ceiling(0.95 * Runs) - 1], "s", "≤ 1 s", Range(seconds));
        PrintTimings(runs);
    }

    /// <summary>A long film against a short one, both counted from the moment they are accepted.</summary>
    /// <param name="clipSeconds">What the short one took.</param>
    public async Task FilmAsync(double clipSeconds)
    {
        const int Runs = 3;
        await product.CompleteAsync(media.Film);
        var runs = new List<Outcome>();
        for (var i = 0; i < Runs; i++) runs.Add(await product.CompleteAsync(media.Film));
        Print("20 min over 30 s", Median(runs.Select(run => run.Seconds - run.AcceptedSeconds)) / clipSeconds, "×", "≤ 1.5", $"median of {Runs}, from acceptance to last event");
        Print("  20 min film", Median(runs.Select(run => run.Seconds - run.AcceptedSeconds)), "s", null, Range(runs.Select(run => run.Seconds - run.AcceptedSeconds)));
        Print("  30 s clip", clipSeconds, "s", null, "from acceptance to last event");
        Print("  upload of the film", Median(runs.Select(run => run.AcceptedSeconds)), "s", null, $"{new FileInfo(media.Film).Length / 1e6:0} MB over loopback, hashed and stored");
        Print("  plain reading of it", await ReadSecondsAsync(media.Film), "s", null, "one pass over the bytes, by this program");
        PrintTimings(runs);
    }

    /// <summary>The most memory so far.</summary>
    public void Peak() => Print("Embedded peak memory", ProcessMeter.PeakMegabytes(product.Id), "MB", "≤ 800 MB", "VmHWM after all of the above; ffmpeg's own memory is not in it");

    /// <summary>What an upload adds, on a process that has done nothing else: memory left over from other work would hide it.</summary>
    public async Task UploadAsync()
    {
        const int Runs = 3;
        var added = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var before = ProcessMeter.ResidentMegabytes(product.Id);
            var upload = product.SubmitAsync(media.Bulk);
            var peak = before;
            while (!upload.IsCompleted)
            {
                peak = Math.Max(peak, ProcessMeter.ResidentMegabytes(product.Id));
                await Task.WhenAny(upload, Task.Delay(10));
            }

            await product.FollowAsync(await upload);
            added.Add(peak - before);
        }

        Print("100 MB upload adds", added.Max(), "MB", "≤ 20 MB", $"worst of {Runs} ({string.Join(", ", added.Select(Number))}); VmRSS every 10 ms, before and while sending");
    }

    private static async Task<double> ReadSecondsAsync(string path)
    {
        var began = Stopwatch.GetTimestamp();
        await using var file = File.OpenRead(path);
        await file.CopyToAsync(Stream.Null, 1 << 20);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>The stages' own account, from the records.</summary>
    private static void PrintTimings(List<Outcome> runs)
    {
        var names = runs[0].Record.Timings.Keys;
        Console.WriteLine("  stages (s): " + string.Join(", ", names.Select(name => $"{name} {Number(Median(runs.Select(run => run.Record.Timings.GetValueOrDefault(name))))}")));
        if (runs[0].Record.Warnings.Count > 0) Console.WriteLine("  said: " + string.Join(" ", runs[0].Record.Warnings));
    }

    private static void Print(string name, double value, string unit, string? target, string remark) =>
        Console.WriteLine($"{name,-22} {Number(value),8} {unit,-2}  {(target is null ? "" : "target " + target),-16}  {remark}");

    private static string Range(IEnumerable<double> values) => $"{Number(values.Min())} to {Number(values.Max())}";

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "0" : Math.Abs(value) >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
