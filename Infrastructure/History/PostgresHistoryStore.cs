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
        var summary = analysis.Summarise();
        var facts = HistoryFacts.Of(analysis);
        var verdict = Name(summary.MachineVerdict);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO analyses (id, tenant, created_at, completed_at, status, verdict, shown_verdict, deepfake_score, sha256, kind, reference,
              search_text, error_code, size_bytes, reasons, models, expires_at, summary, result)
            VALUES ({analysis.Id}, {tenant}, {summary.CreatedAt}, {summary.CompletedAt}, {HistoryTerms.Name(analysis.Status)}, {verdict}, {verdict},
              {analysis.DeepfakeScore}, {summary.Sha256}, {Name(summary.Kind)}, {summary.Reference}, {HistoryTerms.SearchText(summary)}, {summary.ErrorCode},
              {facts.SizeBytes}, {Json(facts.Reasons)}::jsonb, {Json(facts.Models)}::jsonb, {facts.ExpiresAt}, {Json(summary)}::jsonb, {Json(analysis)}::jsonb)
            ON CONFLICT (tenant, id) DO UPDATE SET created_at = excluded.created_at, completed_at = excluded.completed_at, status = excluded.status,
              verdict = excluded.verdict, shown_verdict = coalesce(analyses.review_verdict, excluded.verdict), deepfake_score = excluded.deepfake_score,
              sha256 = excluded.sha256, kind = excluded.kind, reference = excluded.reference, search_text = excluded.search_text,
              error_code = excluded.error_code, size_bytes = excluded.size_bytes, reasons = excluded.reasons, models = excluded.models,
              expires_at = excluded.expires_at, summary = excluded.summary, result = excluded.result
            """,
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        var found = await db.Analyses.Where(row => row.Id == id && row.Tenant == tenant).Select(row => new { row.Result, row.Review }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : HistoryTerms.Under(Parse<Analysis>(found.Result), found.Review is { } review ? Parse<Review>(review) : null);
    }

    /// <inheritdoc/>
    public async Task<AnalysisPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var limit = HistoryTerms.PageSize(query);
        var cursor = HistoryTerms.Cursor(query);
        await using var db = await OpenAsync(cancellationToken);
        var rows = HistoryFilter.Apply(db.Analyses.Where(row => row.Tenant == tenant), query);
        if (cursor is { } after)
            rows = rows.Where(row => row.CreatedAt < after.CreatedAt || (row.CreatedAt == after.CreatedAt && string.Compare(row.Id, after.Id) < 0));
        var page = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .Take(limit + 1).Select(row => new { row.Summary, row.ReviewVerdict }).ToListAsync(cancellationToken);
        var items = page.Take(limit).Select(row => HistoryTerms.Under(Parse<AnalysisSummary>(row.Summary), HistoryTerms.Value<Verdict>(row.ReviewVerdict))).ToList();
        return new AnalysisPage(items, page.Count > limit ? new HistoryCursor(items[^1].CreatedAt, items[^1].Id).ToString() : null);
    }

    /// <inheritdoc/>
    public async Task<HistoryStatistics> GetStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        return await PostgresStatistics.ReadAsync(db.Database, tenant, window, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> SetReviewAsync(string tenant, string id, Review review, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        var (json, verdict) = (Json(review), HistoryTerms.Name(review.Verdict));
        return await db.Analyses.Where(row => row.Id == id && row.Tenant == tenant && row.Verdict != null).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Review, json).SetProperty(row => row.ReviewVerdict, verdict).SetProperty(row => row.ShownVerdict, verdict), cancellationToken) > 0;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> FindExpiredAsync(string tenant, DateTimeOffset now, DateTimeOffset? endedBefore, int limit, CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        return await db.Analyses.Where(row => row.Tenant == tenant && (row.ExpiresAt <= now || (row.ExpiresAt == null && row.CompletedAt < endedBefore)))
            .Take(limit).Select(row => row.Id).ToListAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListTenantsAsync(CancellationToken cancellationToken)
    {
        await using var db = await OpenAsync(cancellationToken);
        // One step through the index a tenant; DISTINCT would read it from end to end.
        return await db.Database.SqlQuery<string>(
            $"""
            WITH RECURSIVE owner AS (
              (SELECT tenant FROM analyses ORDER BY tenant LIMIT 1)
              UNION ALL
              SELECT (SELECT tenant FROM analyses WHERE tenant > owner.tenant ORDER BY tenant LIMIT 1) FROM owner WHERE owner.tenant IS NOT NULL)
            SELECT tenant AS "Value" FROM owner WHERE tenant IS NOT NULL
            """).ToListAsync(cancellationToken);
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

    private static string? Name<T>(T? value)
        where T : struct, Enum => value is { } known ? HistoryTerms.Name(known) : null;

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, DeepfakeJson.Options);

    private static T Parse<T>(string json) => JsonSerializer.Deserialize<T>(json, DeepfakeJson.Options) ?? throw new InvalidDataException("The history holds an empty document.");
}
