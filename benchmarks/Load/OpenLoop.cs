using System.Diagnostics;

namespace Deepfake.Benchmarks.Load;

/// <summary>
/// Sends at a constant rate, whatever comes back: arrivals do not wait for answers. A latency counts from the time at which the request
/// was due, so that a system that falls behind is not spared the requests it kept from being sent (no coordinated omission).
/// </summary>
internal static class OpenLoop
{
    /// <summary>Sends for a while and waits for every answer.</summary>
    /// <param name="rate">Requests a second.</param>
    /// <param name="seconds">How long to send.</param>
    /// <param name="send">Sends a request and answers its status; what it throws counts as status 0.</param>
    public static async Task<LoadReport> RunAsync(double rate, double seconds, Func<int, Task<int>> send)
    {
        var count = (int)Math.Round(rate * seconds);
        var answers = new Task<(double Seconds, int Status)>[count];
        var sent = new TaskCompletionSource();
        var began = Stopwatch.GetTimestamp();
        // A thread of its own: the pool is busy with the answers.
        new Thread(() =>
        {
            for (var i = 0; i < count; i++)
            {
                var due = began + (long)(i / rate * Stopwatch.Frequency);
                while (Stopwatch.GetTimestamp() < due) Thread.Sleep(1);
                var number = i;
                answers[i] = Task.Run(() => AskAsync(number, due, send));
            }

            sent.SetResult();
        })
        { IsBackground = true }.Start();
        await sent.Task;
        return new LoadReport(rate, await Task.WhenAll(answers));
    }

    private static async Task<(double Seconds, int Status)> AskAsync(int number, long due, Func<int, Task<int>> send)
    {
        int status;
        try
        {
            status = await send(number);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            status = 0;
        }

        return (Stopwatch.GetElapsedTime(due).TotalSeconds, status);
    }
}

/// <summary>What came of a load.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="Answers">Latency from the time at which it was due, and status (0 for none), of each request.</param>
internal sealed record LoadReport(double Rate, IReadOnlyList<(double Seconds, int Status)> Answers)
{
    private readonly IReadOnlyList<double> _sorted = [.. Answers.Select(answer => answer.Seconds).Order()];

    /// <summary>Answers with this status.</summary>
    public int Count(Func<int, bool> status) => Answers.Count(answer => status(answer.Status));

    /// <summary>The latency that a share of the requests did not exceed, in milliseconds (nearest rank).</summary>
    public double Milliseconds(double share) => 1000 * _sorted[Math.Max(0, (int)Math.Ceiling(share * _sorted.Count) - 1)];

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Rate,4:0} /s  p50 {Milliseconds(0.5),6:0.0} ms  p99 {Milliseconds(0.99),7:0.0} ms  max {Milliseconds(1),7:0.0} ms  {Answers.Count} sent, {Count(status => status is >= 500)} 5xx, {Count(status => status is 0)} without answer");
}
