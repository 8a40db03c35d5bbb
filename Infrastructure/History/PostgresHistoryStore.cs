using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.History;

/// <summary>History in PostgreSQL. The schema is brought up to date on first use, by one instance at a time.</summary>
public sealed class PostgresHistoryStore : IHistoryStore, IPrepared, IDisposable
{
    private readonly DbContextOptions<HistoryContext> _options;
    private readonly Readiness _schema;

    /// <summary>Creates the store; nothing is sent yet.</summary>
    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Username=…;Password=…;Database=…</c>.</param>
    /// <param name="time">For pauses between tries to reach a server that is not up yet.</param>
    /// <param name="logger">For events.</param>
    public PostgresHistoryStore(string connectionString, TimeProvider time, ILogger<PostgresHistoryStore> logger)
    {
        _options = HistoryContext.Options(connectionString);
        _schema = new Readiness("history database", stop => PostgresDatabase.MigrateAsync(New, stop), time, logger);
    }

    /// <inheritdoc/>
    public async Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        var summary = HistoryTerms.Summarise(analysis);
        var row = new HistoryRow
        {
            Id = analysis.Id,
            Tenant = tenant,
            CreatedAt = summary.CreatedAt,
            CompletedAt = summary.CompletedAt,
            Status = HistoryTerms.Name(analysis.Status),
            Verdict = analysis.Verdict is { } verdict ? HistoryTerms.Name(verdict) : null,
            Score = analysis.DeepfakeScore,
            Sha256 = analysis.Media.Sha256,
            Summary = JsonSerializer.Serialize(summary, DeepfakeJson.Options),
            Result = JsonSerializer.Serialize(analysis, DeepfakeJson.Options),
        };
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO analyses (id, tenant, created_at, completed_at, status, verdict, deepfake_score, sha256, summary, result)
            VALUES ({row.Id}, {row.Tenant}, {row.CreatedAt}, {row.CompletedAt}, {row.Status}, {row.Verdict}, {row.Score}, {row.Sha256}, {row.Summary}::jsonb, {row.Result}::jsonb)
            ON CONFLICT (tenant, id) DO UPDATE SET created_at = excluded.created_at, completed_at = excluded.completed_at, sha256 = excluded.sha256, status = excluded.status, verdict = excluded.verdict,
              deepfake_score = excluded.deepfake_score, summary = excluded.summary, result = excluded.result
            """,
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        var json = await db.Analyses.Where(row => row.Id == id && row.Tenant == tenant).Select(row => row.Result).SingleOrDefaultAsync(cancellationToken);
        return json is null ? null : JsonSerializer.Deserialize<Analysis>(json, DeepfakeJson.Options);
    }

    /// <inheritdoc/>
    public async Task<HistoryPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var limit = HistoryTerms.PageSize(query);
        var cursor = HistoryTerms.Cursor(query);
        await using var db = await OpenAsync(cancellationToken);
        var rows = db.Analyses.Where(row => row.Tenant == tenant);
        if (query.Verdict is { } verdict)
        {
            var name = HistoryTerms.Name(verdict);
            rows = rows.Where(row => row.Verdict == name);
        }

        if (query.Status is { } status)
        {
            var name = HistoryTerms.Name(status);
            rows = rows.Where(row => row.Status == name);
        }

        if (cursor is { } after)
            rows = rows.Where(row => row.CreatedAt < after.CreatedAt || (row.CreatedAt == after.CreatedAt && string.Compare(row.Id, after.Id) < 0));
        var page = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1).Select(row => row.Summary).ToListAsync(cancellationToken);
        var items = page.Take(limit).Select(json => JsonSerializer.Deserialize<AnalysisSummary>(json, DeepfakeJson.Options)!).ToList();
        return new HistoryPage(items, page.Count > limit ? new HistoryCursor(items[^1].CreatedAt, items[^1].Id).ToString() : null);
    }

    /// <inheritdoc/>
    public async Task<HistoryStatistics> GetStatisticsAsync(string tenant, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        var rows = db.Analyses.Where(row => row.Tenant == tenant);
        var completed = HistoryTerms.Name(AnalysisStatus.Completed);
        var byStatus = await rows.GroupBy(row => row.Status).Select(group => new { group.Key, Count = group.LongCount() }).ToListAsync(cancellationToken);
        var byVerdict = await rows.Where(row => row.Status == completed && row.Verdict != null)
            .GroupBy(row => row.Verdict!).Select(group => new { group.Key, Count = group.LongCount() }).ToListAsync(cancellationToken);
        var latency = await db.Database.SqlQuery<Latency>(
            $"""
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "Median", percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "P95"
            FROM (SELECT extract(epoch FROM completed_at - created_at)::double precision AS seconds
                  FROM analyses WHERE tenant = {tenant} AND status = {completed} AND completed_at IS NOT NULL) AS finished
            """).SingleAsync(cancellationToken);
        return new HistoryStatistics
        {
            Total = byStatus.Sum(group => group.Count),
            ByStatus = byStatus.ToDictionary(group => group.Key, group => group.Count),
            ByVerdict = byVerdict.ToDictionary(group => group.Key, group => group.Count),
            MedianSeconds = latency.Median,
            P95Seconds = latency.P95,
        };
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        return await db.Analyses.Where(row => row.Id == id && row.Tenant == tenant).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => _schema.PersistAsync(cancellationToken);

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => PostgresDatabase.PingAsync(New, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _schema.Dispose();

    private async ValueTask<HistoryContext> OpenAsync(CancellationToken cancellationToken)
    {
        await _schema.EnsureAsync(cancellationToken);
        return New();
    }

    private HistoryContext New() => new(_options);

    private sealed record Latency(double? Median, double? P95);
}
