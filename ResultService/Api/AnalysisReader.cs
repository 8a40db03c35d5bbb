using System.Globalization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Merging;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.ResultService.Api;

/// <summary>Reads one analysis, wherever it stands; waits for news of it where a client asks for that.</summary>
internal sealed partial class AnalysisReader(
    IAnalysisStore analyses, IHistoryStore history, AnalysisMerger merger, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<AnalysisReader> logger)
{
    /// <summary>Longest wait of one request: below what proxies take for a dead connection.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(50);

    /// <summary>What is known by now, or the final record; null if unknown or of another tenant.</summary>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        (await ReadAsync(tenant, id, cancellationToken)).Analysis;

    /// <summary>The final record under its review, if there is one; null while running, or if unknown or of another tenant.</summary>
    public async Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        try
        {
            // History alone knows reviews; what it does not have yet cannot have one.
            if (await history.FindAsync(tenant, id, cancellationToken) is { } shown) return shown;
        }
        catch (Exception e) when (Outage.Is(e) && !cancellationToken.IsCancellationRequested)
        {
            if (await analyses.FindResultAsync(tenant, id, cancellationToken) is not { } machine) throw;
            LogUnreviewed(e, id);
            return machine with { Warnings = [.. machine.Warnings, WarningCodes.ReviewUnknown] };
        }

        return await analyses.FindResultAsync(tenant, id, cancellationToken);
    }

    /// <summary>
    /// Answers an analysis. With a wait it holds the answer back until the end, or, where the client says which version it has, until
    /// there is another one; events of the store wake it, so waiting asks nothing of anybody.
    /// </summary>
    public async Task<IResult> AnswerAsync(HttpContext http, string id, TimeSpan wait)
    {
        var tenant = http.GetCaller().Tenant;
        var (analysis, state) = await ReadAsync(tenant, id, http.RequestAborted);
        if (analysis is null) return AnalysisEndpoints.NotFound();
        var answer = Representation.Of(analysis);
        if (state is null or { IsOver: true } || wait <= TimeSpan.Zero) return answer;

        var isFirst = http.Request.Headers.IfNoneMatch.Count == 0;
        if (!isFirst && !answer.IsKnownTo(http.Request)) return answer;
        using var timer = new CancellationTokenSource(wait < LongestWait ? wait : LongestWait, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, timer.Token);
        try
        {
            await foreach (var happened in analyses.WatchAsync(id, state.Sequence, patience.Token))
            {
                if (happened.IsTerminal) break;
                if (isFirst) continue;
                (analysis, _) = await ReadAsync(tenant, id, patience.Token);
                if (analysis is null || !(answer = Representation.Of(analysis)).IsKnownTo(http.Request)) break;
            }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            // Nothing new in that time, or we are leaving: what is known by now is the answer.
        }

        return await FindAsync(tenant, id, http.RequestAborted) is { } latest ? Representation.Of(latest) : AnalysisEndpoints.NotFound();
    }

    /// <summary>Reads the query parameter <c>wait</c>: whole seconds.</summary>
    /// <returns>False if it is something else.</returns>
    public static bool TryReadWait(string? text, out TimeSpan wait)
    {
        wait = default;
        if (string.IsNullOrEmpty(text)) return true;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        wait = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private async Task<(Analysis? Analysis, AnalysisState? State)> ReadAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var state = await analyses.FindAsync(tenant, id, cancellationToken);
        if (state is { IsOver: false }) return (await merger.PreviewAsync(state, cancellationToken), state);
        return (await FindResultAsync(tenant, id, cancellationToken), state);
    }

    [LoggerMessage(5302, LogLevel.Warning, "The history is out of reach; {AnalysisId} is answered without knowing of reviews.")]
    private partial void LogUnreviewed(Exception exception, string analysisId);
}
