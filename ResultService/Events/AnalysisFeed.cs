using System.Runtime.CompilerServices;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Events;

/// <summary>
/// The events of an analysis as clients see them, for every transport the same. Numbers are positions in the analysis' event log, so a
/// reader that comes back with the last one, to any instance, misses nothing.
/// </summary>
internal sealed class AnalysisFeed(IAnalysisStore analyses, IHistoryStore history, StagePaces paces)
{
    /// <summary>Opens the events after a number.</summary>
    /// <returns>Null if the analysis is unknown or of another tenant.</returns>
    public async Task<OpenFeed?> OpenAsync(string tenant, string id, long after, CancellationToken cancellationToken)
    {
        if (await analyses.FindAsync(tenant, id, cancellationToken) is { } state) return new OpenFeed(state.IsOver, FollowAsync(state, after, cancellationToken));
        // Its events are gone, its result is not: say how it ended, once.
        if (await history.FindAsync(tenant, id, cancellationToken) is not { } old) return null;
        FeedEvent[] last = after > 0 ? [] : [Terminal(1, old)];
        return new OpenFeed(true, last.ToAsyncEnumerable());
    }

    private async IAsyncEnumerable<FeedEvent> FollowAsync(AnalysisState state, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var record = state.Record;
        var startedAt = state.StartedAt;
        await foreach (var happened in analyses.WatchAsync(record.Id, after, cancellationToken))
        {
            if (happened.Status == AnalysisStatus.Running) startedAt ??= happened.At;
            if (happened.IsTerminal && await analyses.FindResultAsync(record.Tenant, record.Id, cancellationToken) is { } result)
            {
                yield return Terminal(happened.Sequence, result);
                yield break;
            }

            yield return new FeedEvent(happened.Sequence, happened.IsTerminal ? Name(happened.Status) : "progress", happened.IsTerminal, new EventData
            {
                Id = record.Id,
                Status = happened.Status,
                Stage = happened.Stage,
                Percent = Math.Round(happened.Percent, 1),
                SecondsRemaining = Progress.SecondsRemaining(record, happened.Status, happened.Percent, startedAt, happened.At, paces.Find(record.Format)),
                At = happened.At,
            });
            if (happened.IsTerminal) yield break;
        }
    }

    private static FeedEvent Terminal(long sequence, Analysis result) => new(sequence, Name(result.Status), true, new EventData
    {
        Id = result.Id,
        Status = result.Status,
        Stage = result.Stage,
        Percent = result.Progress,
        At = result.CompletedAt ?? result.CreatedAt,
        Verdict = result.Verdict,
        DeepfakeScore = result.DeepfakeScore,
        Error = result.Error,
    });

    private static string Name(AnalysisStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>Events of an analysis that is known.</summary>
/// <param name="IsOver">Whether it was over when this was opened: then no more events come than there are.</param>
/// <param name="Events">The events; ends after the last one.</param>
internal sealed record OpenFeed(bool IsOver, IAsyncEnumerable<FeedEvent> Events);

/// <summary>One event.</summary>
/// <param name="Sequence">Its number, from 1.</param>
/// <param name="Name"><c>progress</c>, <c>completed</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="IsLast">Whether none comes after it.</param>
/// <param name="Data">What it says.</param>
internal sealed record FeedEvent(long Sequence, string Name, bool IsLast, EventData Data);

/// <summary>What an event says.</summary>
internal sealed record EventData
{
    public required string Id { get; init; }

    public required AnalysisStatus Status { get; init; }

    public required Stage Stage { get; init; }

    public required double Percent { get; init; }

    /// <summary>From <see cref="At"/> on.</summary>
    public double? SecondsRemaining { get; init; }

    public required DateTimeOffset At { get; init; }

    public Verdict? Verdict { get; init; }

    public double? DeepfakeScore { get; init; }

    public AnalysisError? Error { get; init; }
}
