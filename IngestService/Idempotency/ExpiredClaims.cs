using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Sweeping;

namespace Deepfake.IngestService.Idempotency;

/// <summary>Keys are remembered for a day.</summary>
internal sealed class ExpiredClaims(IDocumentStore<IdempotencyClaim> documents, TimeProvider time) : IExpiry
{
    private const int BatchSize = 200;

    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            var due = await documents.ListDueAsync(time.GetUtcNow(), BatchSize, cancellationToken);
            foreach (var claim in due)
                if (await documents.TryDeleteAsync(claim.Tenant, claim.Id, claim.Version, cancellationToken)) count++;
            if (due.Count < BatchSize) return count;
        }
    }
}
