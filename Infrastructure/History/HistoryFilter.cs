namespace Deepfake.Infrastructure.History;

/// <summary>A query as conditions on rows: the same as <see cref="HistoryQuery.Matches"/>, done by the database.</summary>
internal static class HistoryFilter
{
    public static IQueryable<HistoryRow> Apply(IQueryable<HistoryRow> rows, HistoryQuery query)
    {
        if (query.Verdict is { } verdict)
        {
            var name = HistoryTerms.Name(verdict);
            rows = rows.Where(row => row.ShownVerdict == name);
        }

        if (query.Status is { } status)
        {
            var name = HistoryTerms.Name(status);
            rows = rows.Where(row => row.Status == name);
        }

        if (query.Kind is { } kind)
        {
            var name = HistoryTerms.Name(kind);
            rows = rows.Where(row => row.Kind == name);
        }

        if (query.Sha256 is { } hash) rows = rows.Where(row => row.Sha256 == hash);
        if (query.Reference is { } reference) rows = rows.Where(row => row.Reference == reference);
        if (query.Text is { } text)
        {
            var folded = HistoryTerms.Fold(text);
            rows = rows.Where(row => row.SearchText.Contains(folded));
        }

        if (query.MinScore is { } lowest) rows = rows.Where(row => row.Score >= lowest);
        if (query.MaxScore is { } highest) rows = rows.Where(row => row.Score <= highest);
        if (query.Window.From is { } from) rows = rows.Where(row => row.CreatedAt >= from);
        if (query.Window.To is { } to) rows = rows.Where(row => row.CreatedAt < to);
        return rows;
    }
}
