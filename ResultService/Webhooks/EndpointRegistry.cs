using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>The endpoints of the tenants.</summary>
public sealed class EndpointRegistry(IDocumentStore<WebhookEndpoint> endpoints, IOptions<WebhookOptions> options, TimeProvider time)
{
    /// <summary>The endpoints a tenant has added; without <see cref="WebhookEndpoint.DefaultId"/>.</summary>
    public async Task<IReadOnlyList<Document<WebhookEndpoint>>> ListAsync(string tenant, CancellationToken cancellationToken) =>
        [.. (await endpoints.ListAsync(tenant, null, options.Value.EndpointsPerTenant + 1, cancellationToken)).Where(endpoint => endpoint.Id != WebhookEndpoint.DefaultId)];

    /// <summary>One endpoint; null if unknown or of another tenant. <see cref="WebhookEndpoint.DefaultId"/> is always there.</summary>
    public async Task<Document<WebhookEndpoint>?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await endpoints.FindAsync(tenant, id, cancellationToken)
        ?? (id == WebhookEndpoint.DefaultId ? new Document<WebhookEndpoint>(tenant, id, new WebhookEndpoint { CreatedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch }) : null);

    /// <summary>Adds an endpoint.</summary>
    /// <returns>Null if the tenant has as many as it may have.</returns>
    public async Task<Document<WebhookEndpoint>?> AddAsync(string tenant, WebhookEndpoint endpoint, CancellationToken cancellationToken)
    {
        if ((await ListAsync(tenant, cancellationToken)).Count >= options.Value.EndpointsPerTenant) return null;
        var document = new Document<WebhookEndpoint>(tenant, DeliveryIds.NewEndpoint(), endpoint);
        return await endpoints.TryAddAsync(document, cancellationToken) ? document : throw new InvalidOperationException("A new endpoint has the id of another.");
    }

    /// <summary>Changes an endpoint, whoever else changes it at the same time.</summary>
    /// <param name="tenant">Its owner.</param>
    /// <param name="id">Its id.</param>
    /// <param name="change">May be called several times; the object it was given means no change.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>As it is now; null if unknown.</returns>
    public async Task<WebhookEndpoint?> ChangeAsync(string tenant, string id, Func<WebhookEndpoint, WebhookEndpoint> change, CancellationToken cancellationToken)
    {
        while (await FindAsync(tenant, id, cancellationToken) is { } found)
        {
            var changed = change(found.Value);
            if (ReferenceEquals(changed, found.Value)) return changed;
            var document = found with { Value = changed };
            if (await (found.Version == 0 ? endpoints.TryAddAsync(document, cancellationToken) : endpoints.TryUpdateAsync(document, cancellationToken))) return changed;
        }

        return null;
    }

    /// <summary>Removes an endpoint; what is due for it is dropped.</summary>
    public Task<bool> RemoveAsync(string tenant, string id, CancellationToken cancellationToken) => endpoints.TryDeleteAsync(tenant, id, null, cancellationToken);

    /// <summary>A new secret for an endpoint; the former go on signing for <see cref="WebhookOptions.RotationOverlap"/>.</summary>
    public Task<WebhookEndpoint?> RotateAsync(string tenant, string id, string secret, CancellationToken cancellationToken) => ChangeAsync(tenant, id, endpoint =>
    {
        // The first secret takes over from that of the installation.
        var signing = id == WebhookEndpoint.DefaultId && tenant == Caller.DefaultTenant && endpoint.Secrets.Count == 0 && options.Value.IsConfigured
            ? endpoint with { Secrets = [new SigningSecret(options.Value.Secret, null)] }
            : endpoint;
        return signing.Rotate(secret, time.GetUtcNow(), options.Value.RotationOverlap);
    }, cancellationToken);

    /// <summary>
    /// Bytes of the secrets that sign now, newest first; for <see cref="WebhookEndpoint.DefaultId"/> of the installation's own tenant that of the
    /// installation where it has none. Shared by several tenants that would prove nothing: each could have notices signed for the others' receivers.
    /// </summary>
    public IReadOnlyList<byte[]> Keys(Document<WebhookEndpoint> endpoint)
    {
        var now = time.GetUtcNow();
        var secrets = endpoint.Value.Secrets.Where(secret => !(secret.ExpiresAt <= now)).Select(secret => secret.Value).ToList();
        if (secrets.Count == 0 && endpoint.Id == WebhookEndpoint.DefaultId && endpoint.Tenant == Caller.DefaultTenant) secrets.Add(options.Value.Secret);
        return [.. secrets.Select(secret => WebhookSignature.TryReadSecret(secret, out var key) ? key : null).OfType<byte[]>()];
    }

    /// <summary>Where the notice that an analysis asked for itself goes; null if it asked for none, or there is no such endpoint or no secret.</summary>
    public async Task<Document<WebhookEndpoint>?> FindAskedAsync(AnalysisRecord record, CancellationToken cancellationToken) =>
        (record.WebhookUrl is null ? record.WebhookEndpointId : WebhookEndpoint.DefaultId) is { } id
        && await FindAsync(record.Tenant, id, cancellationToken) is { } endpoint && Keys(endpoint).Count > 0 ? endpoint : null;
}
