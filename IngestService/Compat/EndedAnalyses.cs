using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;

namespace Deepfake.IngestService.Compat;

/// <summary>Waits for ends. Events of the store wake it, so waiting asks nothing of anybody.</summary>
internal sealed partial class EndedAnalyses(IAnalysisStore analyses, IHistoryStore history, ILogger<EndedAnalyses> logger)
{
    /// <summary>Waits for the final record.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="id">The analysis.</param>
    /// <param name="patience">Ends the wait.</param>
    /// <param name="gone">The client left.</param>
    /// <returns>Null when the wait ran out, a store is out of reach, or the analysis was deleted: the analysis itself goes on.</returns>
    public async Task<Analysis?> WaitAsync(string tenant, string id, CancellationToken patience, CancellationToken gone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience, gone);
        try
        {
            await foreach (var happened in analyses.WatchAsync(id, 0, either.Token))
                if (happened.IsTerminal) break;
            // History alone knows reviews; what it does not have yet cannot have one.
            return await history.FindAsync(tenant, id, either.Token) ?? await analyses.FindResultAsync(tenant, id, either.Token);
        }
        catch (Exception e) when (!gone.IsCancellationRequested)
        {
            if (!patience.IsCancellationRequested) Log.WaitBroke(logger, id, e);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1070, LogLevel.Warning, "Waiting for {AnalysisId} broke off; its client is sent to its address")]
        public static partial void WaitBroke(ILogger logger, string analysisId, Exception exception);
    }
}
