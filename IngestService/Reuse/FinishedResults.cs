using Deepfake.Contracts;
using Deepfake.Infrastructure.History;

namespace Deepfake.IngestService.Reuse;

/// <summary>Finds a finished result that a new analysis of the same content would only repeat.</summary>
internal sealed class FinishedResults(IHistoryStore history, CurrentModels models)
{
    private const int Candidates = 10;

    /// <summary>
    /// The newest completed analysis of the tenant with this content and these options, in which all of today's models took part and
    /// nothing was missing; null without one.
    /// </summary>
    public async Task<Analysis?> FindAsync(string tenant, string sha256, AnalysisOptions options, CancellationToken cancellationToken)
    {
        var page = await history.ListAsync(tenant, new HistoryQuery { Sha256 = sha256, Status = AnalysisStatus.Completed, Limit = Candidates }, cancellationToken);
        if (page.Items.Count == 0 || await models.FindAsync(tenant, cancellationToken) is not { } current) return null;
        foreach (var summary in page.Items)
        {
            if (await history.FindAsync(tenant, summary.Id, cancellationToken) is { } result && result.Options == options && IsWhole(result, current)) return result;
        }

        return null;
    }

    /// <summary>A finished analysis as it stands now; null where it is gone.</summary>
    public Task<Analysis?> GetAsync(string tenant, string id, CancellationToken cancellationToken) => history.FindAsync(tenant, id, cancellationToken);

    private static bool IsWhole(Analysis result, IReadOnlySet<string> current)
    {
        if (result.Reasons.Any(reason => reason is ReasonCodes.ForensicsMissing or ReasonCodes.ModelsMissing or ReasonCodes.ModelsUnavailable)) return false;
        // Without a face no model was asked.
        return result.Reasons.Contains(ReasonCodes.NoFace) || (result.Models.All(model => model.Error is null) && CurrentModels.Of(result).SetEquals(current));
    }
}
