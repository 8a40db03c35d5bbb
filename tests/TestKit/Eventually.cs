namespace Deepfake.TestKit;

/// <summary>Waits for conditions. The deadlines are for machines that have other things to do.</summary>
public static class Eventually
{
    private const int FirstPause = 10;
    private const int LongestPause = 100;

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">What it means, to follow "It did not happen that".</param>
    /// <param name="seconds">How long at most.</param>
    /// <exception cref="TimeoutException">It does not hold in time.</exception>
    public static Task TrueAsync(Func<bool> condition, string what, int seconds = 30) => TrueAsync(() => Task.FromResult(condition()), what, seconds);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, int)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        for (var pause = FirstPause; !await condition(); pause = Math.Min(pause * 2, LongestPause))
        {
            if (deadline.IsCancellationRequested) throw new TimeoutException($"It did not happen within {seconds} s that {what}.");
            await Task.Delay(pause, CancellationToken.None);
        }
    }
}
