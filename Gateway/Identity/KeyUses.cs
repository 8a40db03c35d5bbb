using Deepfake.Infrastructure.Documents;

namespace Deepfake.Gateway.Identity;

/// <summary>Writes down once a minute when keys were last used, away from the requests; removes sessions that are over.</summary>
internal sealed partial class KeyUses(
    KeyRing ring, IDocumentStore<ApiKey> keys, IDocumentStore<Session> sessions, TimeProvider time, ILogger<KeyUses> logger) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was used in the last minute is not worth holding up the end.
        }
    }

    /// <summary>One round.</summary>
    internal async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (id, at) in ring.TakeUses()) await WriteAsync(id, at, cancellationToken);
            while (await RemoveSessionsAsync(cancellationToken) == Batch)
            {
                // They are made faster than one batch a minute.
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(logger, e);
        }
    }

    /// <returns>How many were over and are gone.</returns>
    private async Task<int> RemoveSessionsAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var over in await sessions.ListDueAsync(time.GetUtcNow(), Batch, cancellationToken))
            if (await sessions.TryDeleteAsync(over.Tenant, over.Id, over.Version, cancellationToken)) removed++;
        return removed;
    }

    private async Task WriteAsync(string id, DateTimeOffset at, CancellationToken cancellationToken)
    {
        // Another gateway's or an administrator's change may come between.
        for (var tries = 0; tries < 5; tries++)
        {
            if (await keys.FindAsync(KeyRing.Owner, id, cancellationToken) is not { } document || document.Value.LastUsedAt >= at) return;
            if (await keys.TryUpdateAsync(document with { Value = document.Value with { LastUsedAt = at } }, cancellationToken)) return;
        }
    }

    [LoggerMessage(6004, LogLevel.Warning, "The last uses of keys could not be written down")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
