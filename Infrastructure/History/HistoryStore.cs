using System.Runtime.CompilerServices;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.History;

/// <summary>History in a relational database.</summary>
internal sealed class HistoryStore(StoreDatabase database) : IHistoryStore
{
    /// <inheritdoc/>
    public Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        var summary = analysis.Summarise();
        var facts = HistoryFacts.Of(analysis);
        var verdict = Name(summary.MachineVerdict);
        object?[] values =
        [
            analysis.Id, tenant, summary.CreatedAt, summary.CompletedAt, HistoryTerms.Name(analysis.Status), verdict, analysis.DeepfakeScore, summary.Sha256,
            Name(summary.Kind), summary.Reference, HistoryTerms.SearchText(summary), summary.ErrorCode, facts.SizeBytes, Json(facts.Reasons), Json(facts.Models), facts.ExpiresAt,
            Json(summary), Json(analysis),
        ];
        // SQL: one statement that inserts or replaces and leaves the review alone, which EF Core cannot say.
        return database.WriteAsync(
            (db, stop) => db.Database.ExecuteSqlAsync(
                FormattableStringFactory.Create(
                    $$"""
                    INSERT INTO analyses (id, tenant, created_at, completed_at, status, verdict, shown_verdict, deepfake_score, sha256, kind, reference,
                      search_text, error_code, size_bytes, reasons, models, expires_at, summary, result)
                    VALUES ({0}, {1}, {2}, {3}, {4}, {5}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}{{db.JsonCast}}, {14}{{db.JsonCast}}, {15}, {16}{{db.JsonCast}}, {17}{{db.JsonCast}})
                    ON CONFLICT (tenant, id) DO UPDATE SET created_at = excluded.created_at, completed_at = excluded.completed_at, status = excluded.status,
                      verdict = excluded.verdict, shown_verdict = coalesce(analyses.review_verdict, excluded.verdict), deepfake_score = excluded.deepfake_score,
                      sha256 = excluded.sha256, kind = excluded.kind, reference = excluded.reference, search_text = excluded.search_text,
                      error_code = excluded.error_code, size_bytes = excluded.size_bytes, reasons = excluded.reasons, models = excluded.models,
                      expires_at = excluded.expires_at, summary = excluded.summary, result = excluded.result
                    """,
                    values),
                stop),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(
            (db, stop) => Rows(db, tenant, id).Select(row => new { row.Result, row.Review }).SingleOrDefaultAsync(stop), cancellationToken);
        return found is null ? null : HistoryTerms.Under(Parse<Analysis>(found.Result), found.Review is { } review ? Parse<Review>(review) : null);
    }

    /// <inheritdoc/>
    public async Task<AnalysisPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var limit = HistoryTerms.PageSize(query);
        var cursor = HistoryTerms.Cursor(query);
        var page = await database.ReadAsync(
            (db, stop) =>
            {
                var rows = HistoryFilter.Apply(db.History.Where(row => row.Tenant == tenant), query);
                if (cursor is { } after)
                    rows = rows.Where(row => row.CreatedAt < after.CreatedAt || (row.CreatedAt == after.CreatedAt && string.Compare(row.Id, after.Id) < 0));
                return rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(limit + 1).Select(row => new { row.Summary, row.ReviewVerdict }).ToListAsync(stop);
            },
            cancellationToken);
        var items = page.Take(limit).Select(row => HistoryTerms.Under(Parse<AnalysisSummary>(row.Summary), HistoryTerms.Value<Verdict>(row.ReviewVerdict))).ToList();
        return new AnalysisPage(items, page.Count > limit ? new HistoryCursor(items[^1].CreatedAt, items[^1].Id).ToString() : null);
    }

    /// <inheritdoc/>
    public Task<HistoryStatistics> GetStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken) =>
        database.ReadAsync((db, stop) => db.ReadStatisticsAsync(tenant, window, stop), cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> SetReviewAsync(string tenant, string id, Review review, CancellationToken cancellationToken)
    {
        var (json, verdict) = (Json(review), HistoryTerms.Name(review.Verdict));
        return await database.WriteAsync(
            (db, stop) => Rows(db, tenant, id).Where(row => row.Verdict != null).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Review, json).SetProperty(row => row.ReviewVerdict, verdict).SetProperty(row => row.ShownVerdict, verdict), stop),
            cancellationToken) > 0;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> FindExpiredAsync(string tenant, DateTimeOffset now, DateTimeOffset? endedBefore, int limit, CancellationToken cancellationToken) =>
        await database.ReadAsync(
            (db, stop) => db.History.Where(row => row.Tenant == tenant && (row.ExpiresAt <= now || (row.ExpiresAt == null && row.CompletedAt < endedBefore)))
                .Take(limit).Select(row => row.Id).ToListAsync(stop),
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListTenantsAsync(CancellationToken cancellationToken) =>
        // SQL: one step through the index a tenant; DISTINCT would read it from end to end.
        await database.ReadAsync(
            (db, stop) => db.Database.SqlQuery<string>(
                $"""
                WITH RECURSIVE owner (tenant) AS (
                  SELECT min(tenant) FROM analyses
                  UNION ALL
                  SELECT (SELECT min(tenant) FROM analyses WHERE tenant > owner.tenant) FROM owner WHERE owner.tenant IS NOT NULL)
                SELECT tenant AS "Value" FROM owner WHERE tenant IS NOT NULL
                """).ToListAsync(stop),
            cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await database.WriteAsync((db, stop) => Rows(db, tenant, id).ExecuteDeleteAsync(stop), cancellationToken) > 0;

    private static IQueryable<HistoryRow> Rows(StoreContext db, string tenant, string id) => db.History.Where(row => row.Tenant == tenant && row.Id == id);

    private static string? Name<T>(T? value)
        where T : struct, Enum => value is { } known ? HistoryTerms.Name(known) : null;

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, DeepfakeJson.Options);

    private static T Parse<T>(string json) => JsonSerializer.Deserialize<T>(json, DeepfakeJson.Options) ?? throw new InvalidDataException("The history holds an empty document.");
}
