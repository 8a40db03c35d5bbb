using System.Collections.Concurrent;
using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;

namespace Deepfake.Benchmarks.Load;

/// <summary>How much the product accepts: measures and prints.</summary>
/// <param name="picture">What is submitted.</param>
/// <param name="rate">Submissions a second that the embedded product is asked for.</param>
/// <param name="seconds">For how long.</param>
internal sealed class LoadFigures(byte[] picture, double rate, double seconds)
{
    /// <summary>Milliseconds that 99 of 100 answers may take.</summary>
    private const double Limit = 150;

    /// <summary>Submissions that the last figure's backlog holds.</summary>
    private const int Room = 60;

    /// <summary>Everything in one process, its workers paused.</summary>
    public async Task EmbeddedAsync()
    {
        using var data = new Folder();
        await using var host = await EmbeddedAsync(data, "--Ingest:BacklogLimit=1000000");
        await WarmUpAsync(_ => host.SubmitAsync(picture));
        var cpu = host.CpuSeconds;
        var report = await OpenLoop.RunAsync(rate, seconds, _ => host.SubmitAsync(picture));
        Console.WriteLine($"Embedded               {report}");
        Console.WriteLine(FormattableString.Invariant(
            $"  target p99 ≤ {Limit} ms and no 5xx for 60 s: {Verdict(report)}; the product took {(host.CpuSeconds - cpu) / report.Answers.Count * 1000:0.0} ms of processor a submission"));
    }

    /// <summary>Gateway and services over the servers of production; beside it, what the object store does alone.</summary>
    public async Task ServicesAsync()
    {
        await using var parts = await ProductionParts.StartAsync();
        await WarmUpAsync(_ => parts.Gateway.SubmitAsync(picture));
        await WarmUpAsync(number => PutAsync(parts.Objects, number));
        Console.WriteLine(FormattableString.Invariant($"Object store alone     {await SaturateAsync(parts.Objects):0} PUT/s of the same picture, 16 at a time"));
        await SearchAsync("Object store alone", number => PutAsync(parts.Objects, number));
        var (gateway, ingest, submitted) = (parts.Gateway.CpuSeconds, parts.Ingest.CpuSeconds, 0);
        await SearchAsync("Services", _ =>
        {
            Interlocked.Increment(ref submitted);
            return parts.Gateway.SubmitAsync(picture);
        });
        Console.WriteLine(FormattableString.Invariant(
            $"  a submission took {(parts.Gateway.CpuSeconds - gateway) / submitted * 1000:0.0} ms of processor in the gateway, {(parts.Ingest.CpuSeconds - ingest) / submitted * 1000:0.0} ms in IngestService"));
    }

    /// <summary>More than the backlog holds: what is too much is turned away with a time to come again, what was accepted comes to its end, also after a crash.</summary>
    public async Task BacklogAsync()
    {
        using var data = new Folder();
        var accepted = new ConcurrentBag<string>();
        LoadReport report;
        await using (var host = await EmbeddedAsync(data, $"--Ingest:BacklogLimit={Room}"))
        {
            report = await OpenLoop.RunAsync(rate, 2, _ => host.SubmitAsync(picture, accepted.Add));
            await host.KillAsync();
        }

        var turnedAway = report.Count(status => status == 503);
        Console.WriteLine($"Past the backlog       {report.Answers.Count} sent, room for {Room}: {accepted.Count} accepted, {turnedAway} turned away by 503 with Retry-After, {report.Answers.Count - accepted.Count - turnedAway} else");
        await using var next = await WorkingAsync(data);
        Console.WriteLine($"  killed (SIGKILL) and started again with its workers: {await CompletedAsync(next, accepted)} of {accepted.Count} accepted ones completed");
    }

    /// <summary>SIGKILL in the middle of submissions and work, again and again on one data folder; then a wait until everything that was accepted is over.</summary>
    public async Task KillsAsync(int kills)
    {
        const double Rate = 10;
        using var data = new Folder();
        var accepted = new ConcurrentBag<string>();
        var random = new Random(kills);
        for (var kill = 1; kill <= kills; kill++)
        {
            await using var host = await WorkingAsync(data);
            var enough = accepted.Count + random.Next(1, 8);
            var load = OpenLoop.RunAsync(Rate, 3, _ => host.SubmitAsync(picture, accepted.Add));
            while (accepted.Count < enough && !load.IsCompleted) await Task.Delay(random.Next(1, 100));
            await host.KillAsync();
            await load;
            if (kill % 20 == 0) Console.WriteLine($"  {kill} kills, {accepted.Count} accepted");
        }

        await using var last = await WorkingAsync(data);
        Console.WriteLine($"SIGKILL                {kills} times during load: {accepted.Count} accepted, {await CompletedAsync(last, accepted)} completed");
    }

    private static Task<ProductHost> EmbeddedAsync(Folder data, string setting) =>
        ProductHost.StartAsync("Deepfake.Benchmarks", null, null, PausedHost.Argument, $"--DATA_PATH={data.Path}", "--DEVICE=cpu", setting);

    private static Task<ProductHost> WorkingAsync(Folder data) => ProductHost.StartAsync("Deepfake.Standalone", null, null, $"--DATA_PATH={data.Path}", "--DEVICE=cpu");

    private static async Task<int> CompletedAsync(ProductHost host, IEnumerable<string> accepted)
    {
        var completed = 0;
        foreach (var id in accepted)
        {
            var patience = Stopwatch.StartNew();
            Analysis? record;
            while ((record = await host.FindAsync(id)) is { CompletedAt: null } && patience.Elapsed < TimeSpan.FromMinutes(5))
            {
                // Each question waits at the server.
            }

            if (record is { Status: AnalysisStatus.Completed }) completed++;
        }

        return completed;
    }

    private static Task<LoadReport> WarmUpAsync(Func<int, Task<int>> send) => OpenLoop.RunAsync(30, 10, send);

    private async Task<int> PutAsync(S3ObjectStore objects, int number)
    {
        using var content = new MemoryStream(picture, writable: false);
        await objects.PutAsync($"load/{number}-{Guid.NewGuid():n}", content, "image/jpeg", CancellationToken.None);
        return 202;
    }

    private async Task<double> SaturateAsync(S3ObjectStore objects)
    {
        const double Seconds = 5;
        var count = 0;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            while (clock.Elapsed.TotalSeconds < Seconds) await PutAsync(objects, Interlocked.Increment(ref count));
        }));
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>The highest rate that holds the limit, to a tenth: up by steps until it twice does not, then by halves between.</summary>
    private async Task SearchAsync(string name, Func<int, Task<int>> send)
    {
        double good = 0, bad = double.PositiveInfinity;
        LoadReport? best = null;
        for (var next = 40.0; (double.IsInfinity(bad) || bad - good > 0.1 * bad) && next is >= 1 and < 5000;)
        {
            var report = await StepAsync(name, next, send);
            // Once more: a hiccup of the machine is not the product's limit.
            if (!Holds(report)) report = await StepAsync(name, next, send);
            if (Holds(report)) (good, best) = (next, report);
            else bad = next;
            next = Math.Round(double.IsInfinity(bad) ? next * 1.5 : (good + bad) / 2);
        }

        Console.WriteLine($"{name,-22} {(best is null ? $"no rate keeps p99 ≤ {Limit} ms" : $"highest rate with p99 ≤ {Limit} ms:{best}")}");
    }

    private async Task<LoadReport> StepAsync(string name, double next, Func<int, Task<int>> send)
    {
        var report = await OpenLoop.RunAsync(next, seconds / 6, send);
        Console.WriteLine($"  {name}: {report}");
        // What a step left in queues belongs to none.
        await Task.Delay(TimeSpan.FromSeconds(2));
        return report;
    }

    private static bool Holds(LoadReport report) => report.Milliseconds(0.99) <= Limit && report.Count(status => status != 202) == 0;

    private static string Verdict(LoadReport report) => Holds(report) ? "held" : "missed";

    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("deepfake-load-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
