using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Sweeping;

/// <summary>Something of which what has expired must go.</summary>
internal interface IExpiry
{
    /// <summary>Removes what has expired. Several replicas may do it at once.</summary>
    /// <returns>How much was removed.</returns>
    Task<int> RemoveAsync(CancellationToken cancellationToken);
}

/// <summary>Has everything removed that is over its time; one that fails does not keep the others.</summary>
internal sealed partial class ExpirySweeper(IEnumerable<IExpiry> expiries, IOptions<IngestOptions> options, TimeProvider time, ILogger<ExpirySweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ExpiryInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var expiry in expiries) await RemoveAsync(expiry, stoppingToken);
        }
    }

    private async Task RemoveAsync(IExpiry expiry, CancellationToken stoppingToken)
    {
        try
        {
            if (await expiry.RemoveAsync(stoppingToken) is > 0 and var count) Log.Removed(logger, expiry.GetType().Name, count);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            Log.RemovalFailed(logger, expiry.GetType().Name, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1024, LogLevel.Information, "{Expiry}: {Count} removed")]
        public static partial void Removed(ILogger logger, string expiry, int count);

        [LoggerMessage(1025, LogLevel.Warning, "{Expiry}: removal stopped early; the next turn goes on")]
        public static partial void RemovalFailed(ILogger logger, string expiry, Exception exception);
    }
}
