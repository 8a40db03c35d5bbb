using Deepfake.Infrastructure.Analyses;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// Back-pressure: whether there is room for one more analysis. The store is asked at most once a second; what this process accepted
/// since then is added. With several replicas the limit can be passed by what the others took in that second.
/// </summary>
internal sealed class Backlog(IAnalysisStore analyses, IOptions<IngestOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _refresh = new(1);
    private long _unfinished;
    private long _askedAt;
    private bool _known;

    /// <summary>Takes note of an accepted analysis.</summary>
    public void Add() => Interlocked.Increment(ref _unfinished);

    /// <summary>Whether one more may come in.</summary>
    public async Task<bool> HasRoomAsync(CancellationToken cancellationToken)
    {
        if (!IsFresh())
        {
            await _refresh.WaitAsync(cancellationToken);
            try
            {
                if (!IsFresh())
                {
                    var count = await analyses.CountUnfinishedAsync(cancellationToken);
                    Interlocked.Exchange(ref _unfinished, count);
                    Interlocked.Exchange(ref _askedAt, time.GetTimestamp());
                    Volatile.Write(ref _known, true);
                }
            }
            finally
            {
                _refresh.Release();
            }
        }

        return Interlocked.Read(ref _unfinished) < options.Value.BacklogLimit;
    }

    /// <inheritdoc/>
    public void Dispose() => _refresh.Dispose();

    private bool IsFresh() => Volatile.Read(ref _known) && time.GetElapsedTime(Interlocked.Read(ref _askedAt)) < Freshness;
}
