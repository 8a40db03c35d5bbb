using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Removal;

/// <summary>How long a tenant keeps what says nothing of its own.</summary>
internal sealed record RetentionRule
{
    /// <summary>Id of the one document a tenant has.</summary>
    public const string Id = "rule";

    /// <summary>Time after the end; null for as long as nobody deletes it.</summary>
    public TimeSpan? KeepFor { get; init; }
}

/// <summary>Answers which rule holds for a tenant.</summary>
internal sealed class RetentionRules(IDocumentStore<RetentionRule> rules, IOptions<ResultOptions> options)
{
    /// <summary>The tenant's rule, or the installation's.</summary>
    public async Task<TimeSpan?> FindAsync(string tenant, CancellationToken cancellationToken) =>
        await rules.FindAsync(tenant, RetentionRule.Id, cancellationToken) is { } own ? own.Value.KeepFor : options.Value.Retention;

    /// <summary>Sets the tenant's own rule.</summary>
    public async Task SetAsync(string tenant, TimeSpan? keepFor, CancellationToken cancellationToken)
    {
        var rule = new Document<RetentionRule>(tenant, RetentionRule.Id, new RetentionRule { KeepFor = keepFor });
        while (!await rules.TryAddAsync(rule, cancellationToken))
        {
            if (await rules.FindAsync(tenant, RetentionRule.Id, cancellationToken) is { } known
                && await rules.TryUpdateAsync(known with { Value = rule.Value }, cancellationToken)) return;
        }
    }
}
