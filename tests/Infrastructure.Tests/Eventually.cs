namespace Deepfake.Infrastructure.Tests;

/// <summary>Waits for a condition with a deadline.</summary>
internal static class Eventually
{
    public static Task TrueAsync(Func<bool> condition, string what, int seconds = 20) => TrueAsync(() => Task.FromResult(condition()), what, seconds);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, int seconds = 20)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException($"It did not happen within {seconds} s that {what}.");
            await Task.Delay(10);
        }
    }
}
