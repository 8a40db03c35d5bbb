using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Deepfake.Infrastructure.Persistence.Postgres;

/// <summary>Statistics by the functions of PostgreSQL.</summary>
internal static class PostgresStatistics
{
    public static async Task<HistoryStatistics> ReadAsync(DatabaseFacade database, string tenant, HistoryWindow window, CancellationToken cancellationToken)
    {
        // The ends of time are the database's infinities.
        var from = (window.From ?? DateTimeOffset.MinValue).ToUniversalTime();
        var to = (window.To ?? DateTimeOffset.MaxValue).ToUniversalTime();
        var completed = HistoryTerms.Name(AnalysisStatus.Completed);
        var inconclusive = HistoryTerms.Name(Verdict.Inconclusive);

        var outcomes = await database.SqlQuery<OutcomeCount>(
            $"""
            SELECT (created_at AT TIME ZONE 'UTC')::date AS "Day", status AS "Status", verdict AS "Verdict", error_code AS "Error",
              count(*) AS "Count", sum(size_bytes)::bigint AS "Bytes"
            FROM analyses WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} GROUP BY 1, 2, 3, 4
            """).ToListAsync(cancellationToken);
        var latency = await database.SqlQuery<LatencyRow>(
            $"""
            SELECT avg(seconds) AS "Mean", percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS "P50", percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS "P90",
              percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS "P95", percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds) AS "P99"
            FROM (SELECT extract(epoch FROM completed_at - created_at)::double precision AS seconds FROM analyses
                  WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND completed_at IS NOT NULL) AS finished
            """).SingleAsync(cancellationToken);
        var models = await database.SqlQuery<ModelStatistics>(
            $"""
            SELECT "Name", "Version", count(score) AS "Scored", count(*) - count(score) AS "Failed", avg(score) AS "MeanScore",
              avg(CASE WHEN score IS NULL OR fused IS NULL THEN NULL WHEN (score >= 0.5) = (fused >= 50) THEN 1.0::double precision ELSE 0 END) AS "Agreement"
            FROM (SELECT model->>'name' AS "Name", model->>'version' AS "Version", (model->>'score')::double precision AS score, deepfake_score AS fused
                  FROM analyses, jsonb_array_elements(models) AS model
                  WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed}) AS marks
            GROUP BY "Name", "Version"
            """).ToListAsync(cancellationToken);
        var reasons = await database.SqlQuery<NameCount>(
            $"""
            SELECT reason AS "Name", count(*) AS "Count" FROM analyses, jsonb_array_elements_text(reasons) AS reason
            WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND verdict = {inconclusive} GROUP BY reason
            """).ToListAsync(cancellationToken);
        var pairs = await database.SqlQuery<VerdictPair>(
            $"""
            SELECT verdict AS "Machine", review_verdict AS "Reviewer", count(*) AS "Count" FROM analyses
            WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND verdict IS NOT NULL AND review_verdict IS NOT NULL
            GROUP BY verdict, review_verdict
            """).ToListAsync(cancellationToken);
        return HistoryStatisticsBuilder.Build(
            outcomes,
            latency is { Mean: { } mean, P50: { } p50, P90: { } p90, P95: { } p95, P99: { } p99 } ? new LatencyStatistics(mean, p50, p90, p95, p99) : null,
            models,
            reasons.ToDictionary(reason => reason.Name, reason => reason.Count),
            pairs);
    }

    private sealed record LatencyRow(double? Mean, double? P50, double? P90, double? P95, double? P99);

    private sealed record NameCount(string Name, long Count);
}
