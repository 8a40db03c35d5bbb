using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Deepfake.Infrastructure.Persistence.Sqlite;

/// <summary>Statistics by the functions of SQLite; it has none for percentiles, so those are taken here.</summary>
internal static class SqliteStatistics
{
    public static async Task<HistoryStatistics> ReadAsync(DatabaseFacade database, string tenant, HistoryWindow window, CancellationToken cancellationToken)
    {
        // As numbers: in a query made of SQL no parameter takes the conversion of a column.
        var from = MicrosecondConverter.ToMicroseconds(window.From ?? DateTimeOffset.MinValue);
        var to = MicrosecondConverter.ToMicroseconds(window.To ?? DateTimeOffset.MaxValue);
        var completed = HistoryTerms.Name(AnalysisStatus.Completed);
        var inconclusive = HistoryTerms.Name(Verdict.Inconclusive);

        var outcomes = await database.SqlQuery<OutcomeCount>(
            $"""
            SELECT date(created_at / 1000000, 'unixepoch') AS "Day", status AS "Status", verdict AS "Verdict", error_code AS "Error", count(*) AS "Count", sum(size_bytes) AS "Bytes"
            FROM analyses WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} GROUP BY 1, 2, 3, 4
            """).ToListAsync(cancellationToken);
        var seconds = await database.SqlQuery<double>(
            $"""
            SELECT (completed_at - created_at) / 1000000.0 AS "Value" FROM analyses
            WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND completed_at IS NOT NULL
            """).ToListAsync(cancellationToken);
        var models = await database.SqlQuery<ModelStatistics>(
            $"""
            SELECT "Name", "Version", count(score) AS "Scored", count(*) - count(score) AS "Failed", avg(score) AS "MeanScore",
              avg(CASE WHEN score IS NULL OR fused IS NULL THEN NULL WHEN (score >= 0.5) = (fused >= 50) THEN 1.0 ELSE 0.0 END) AS "Agreement"
            FROM (SELECT model.value ->> 'name' AS "Name", model.value ->> 'version' AS "Version", model.value ->> 'score' AS score, deepfake_score AS fused
                  FROM analyses, json_each(models) AS model
                  WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed}) AS marks
            GROUP BY "Name", "Version"
            """).ToListAsync(cancellationToken);
        var reasons = await database.SqlQuery<NameCount>(
            $"""
            SELECT reason.value AS "Name", count(*) AS "Count" FROM analyses, json_each(reasons) AS reason
            WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND verdict = {inconclusive} GROUP BY reason.value
            """).ToListAsync(cancellationToken);
        var pairs = await database.SqlQuery<VerdictPair>(
            $"""
            SELECT verdict AS "Machine", review_verdict AS "Reviewer", count(*) AS "Count" FROM analyses
            WHERE tenant = {tenant} AND created_at >= {from} AND created_at < {to} AND status = {completed} AND verdict IS NOT NULL AND review_verdict IS NOT NULL
            GROUP BY verdict, review_verdict
            """).ToListAsync(cancellationToken);
        return HistoryStatisticsBuilder.Build(outcomes, Latency([.. seconds.Order()]), models, reasons.ToDictionary(reason => reason.Name, reason => reason.Count), pairs);
    }

    private static LatencyStatistics? Latency(double[] ordered) => ordered.Length == 0 ? null : new LatencyStatistics(
        ordered.Average(), Percentile(ordered, 0.5), Percentile(ordered, 0.9), Percentile(ordered, 0.95), Percentile(ordered, 0.99));

    /// <summary>Percentile with linear interpolation, as PostgreSQL's <c>percentile_cont</c>.</summary>
    private static double Percentile(ReadOnlySpan<double> ordered, double share)
    {
        var place = share * (ordered.Length - 1);
        var below = (int)place;
        return below + 1 < ordered.Length ? ordered[below] + ((place - below) * (ordered[below + 1] - ordered[below])) : ordered[below];
    }

    private sealed record NameCount(string Name, long Count);
}
