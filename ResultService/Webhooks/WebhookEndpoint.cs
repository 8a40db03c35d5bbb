namespace Deepfake.ResultService.Webhooks;

/// <summary>Somewhere a tenant wants to be told; a document.</summary>
public sealed record WebhookEndpoint
{
    /// <summary>
    /// Id of the endpoint that every tenant has: it stands for the addresses that analyses name themselves (<c>webhook_url</c>), and
    /// holds the tenant's default secret.
    /// </summary>
    public const string DefaultId = "default";

    /// <summary>Address; null for <see cref="DefaultId"/>, whose deliveries bring their own.</summary>
    public string? Url { get; init; }

    /// <summary>The owner's words.</summary>
    public string Description { get; init; } = "";

    /// <summary>Some of <see cref="Webhooks.EventTypes.All"/>; empty for all.</summary>
    public IReadOnlyList<string> EventTypes { get; init; } = [];

    /// <summary>Whether it gets anything.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Newest first: the first signs for good, the others until they expire.</summary>
    public IReadOnlyList<SigningSecret> Secrets { get; init; } = [];

    /// <summary>When it was added (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its owner changed it last (UTC).</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Why it was switched off, one of <see cref="DisabledReasons"/>; null if it was not, or by its owner.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>When that was (UTC).</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>First failure since the last success (UTC); null while it works.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Whether it wants an event.</summary>
    public bool Wants(string eventType) => Enabled && (EventTypes.Count == 0 || EventTypes.Contains(eventType));

    /// <summary>Puts a new secret first; the former ones go on signing for a while.</summary>
    public WebhookEndpoint Rotate(string secret, DateTimeOffset now, TimeSpan overlap) => this with
    {
        // More than a handful of signatures would only make the header long.
        Secrets = [new SigningSecret(secret, null), .. Secrets.Where(old => !(old.ExpiresAt <= now)).Select(old => old with { ExpiresAt = old.ExpiresAt ?? now + overlap }).Take(4)],
        UpdatedAt = now,
    };

    /// <summary>Switches it on or off by the will of its owner; switching on forgives.</summary>
    public WebhookEndpoint Switch(bool enabled) => enabled == Enabled ? this : this with { Enabled = enabled, DisabledReason = null, DisabledAt = null, FailingSince = null };

    /// <summary>Takes note of an attempt: a long row of failures, or a receiver that wants no more, switches it off.</summary>
    /// <returns>This very object if nothing changes.</returns>
    public WebhookEndpoint After(DeliveryAttempt attempt, DateTimeOffset now, TimeSpan disableAfter)
    {
        if (attempt.Succeeded) return FailingSince is null ? this : this with { FailingSince = null };
        // Of the addresses that analyses name, none speaks for the others.
        if (!Enabled || Url is null) return this;
        var since = FailingSince ?? now;
        var reason = attempt.IsGone ? DisabledReasons.Gone : now - since >= disableAfter ? DisabledReasons.Failing : null;
        if (reason is not null) return this with { FailingSince = since, Enabled = false, DisabledReason = reason, DisabledAt = now };
        return FailingSince is null ? this with { FailingSince = since } : this;
    }
}

/// <summary>A secret and how long it signs.</summary>
/// <param name="Value"><c>whsec_</c> and base64.</param>
/// <param name="ExpiresAt">Until when (UTC); null for good.</param>
public sealed record SigningSecret(string Value, DateTimeOffset? ExpiresAt);

/// <summary>Why an endpoint was switched off.</summary>
public static class DisabledReasons
{
    /// <summary>Its receiver answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>Nothing but failures for <see cref="WebhookOptions.DisableAfter"/>.</summary>
    public const string Failing = "failing";
}
