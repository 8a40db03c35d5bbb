using System.Text.Json.Serialization;
using Deepfake.Infrastructure.Documents;

namespace Deepfake.ResultService.Webhooks;

/// <summary>What a client says of an endpoint. In a change, what is left out stays as it is.</summary>
public sealed record WebhookInput
{
    /// <summary>https address, at most 2048 characters, without user name.</summary>
    public string? Url { get; init; }

    /// <summary>The owner's words, at most 500 characters.</summary>
    public string? Description { get; init; }

    /// <summary>Some of <c>analysis.completed</c>, <c>analysis.failed</c>, <c>analysis.cancelled</c>; empty for all.</summary>
    public IReadOnlyList<string>? EventTypes { get; init; }

    /// <summary>Whether it gets anything.</summary>
    public bool? Enabled { get; init; }

    /// <summary>A secret of the client's own, <c>whsec_</c> and 24 to 64 bytes in base64; without one we make one. Only when adding or rotating.</summary>
    public string? Secret { get; init; }
}

/// <summary>An endpoint as clients see it.</summary>
public sealed record Webhook
{
    /// <summary><c>we_…</c>, or <c>default</c> for the addresses that analyses name themselves.</summary>
    public required string Id { get; init; }

    /// <summary>Address; null for <c>default</c>.</summary>
    public required string? Url { get; init; }

    /// <summary>The owner's words.</summary>
    public required string Description { get; init; }

    /// <summary>What it is told of; empty for everything.</summary>
    public required IReadOnlyList<string> EventTypes { get; init; }

    /// <summary>Whether it gets anything.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Why it was switched off: <c>gone</c> (410), <c>failing</c>; null otherwise.</summary>
    public required string? DisabledReason { get; init; }

    /// <summary>When it was switched off.</summary>
    public required DateTimeOffset? DisabledAt { get; init; }

    /// <summary>First failure since the last success.</summary>
    public required DateTimeOffset? FailingSince { get; init; }

    /// <summary>Until when the secret before this one signs as well.</summary>
    public required DateTimeOffset? PreviousSecretExpiresAt { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its owner changed it last.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The new secret; shown in this answer only, and missing in every other.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Secret { get; init; }

    internal static Webhook Of(string id, WebhookEndpoint endpoint, DateTimeOffset now, bool withSecret = false) => new()
    {
        Id = id,
        Url = endpoint.Url,
        Description = endpoint.Description,
        EventTypes = endpoint.EventTypes,
        Enabled = endpoint.Enabled,
        DisabledReason = endpoint.DisabledReason,
        DisabledAt = endpoint.DisabledAt,
        FailingSince = endpoint.FailingSince,
        PreviousSecretExpiresAt = endpoint.Secrets.Skip(1).Select(secret => secret.ExpiresAt).FirstOrDefault(expiry => expiry > now),
        CreatedAt = endpoint.CreatedAt,
        UpdatedAt = endpoint.UpdatedAt,
        Secret = withSecret ? endpoint.Secrets[0].Value : null,
    };
}

/// <summary>The endpoints of a tenant.</summary>
/// <param name="Items">By id.</param>
public sealed record WebhookList(IReadOnlyList<Webhook> Items);

/// <summary>A delivery as clients see it.</summary>
public sealed record WebhookDelivery
{
    /// <summary><c>whd_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The endpoint.</summary>
    public required string WebhookId { get; init; }

    /// <summary>Value of the header <c>webhook-id</c>.</summary>
    public required string MessageId { get; init; }

    /// <summary><c>analysis.completed</c>, <c>analysis.failed</c>, <c>analysis.cancelled</c>, <c>webhook.test</c>.</summary>
    public required string EventType { get; init; }

    /// <summary>The analysis; null for a test.</summary>
    public required string? AnalysisId { get; init; }

    /// <summary>Address that the analysis named; null where it is the endpoint's.</summary>
    public required string? Url { get; init; }

    /// <summary>Where it stands.</summary>
    public required DeliveryStatus Status { get; init; }

    /// <summary>Why it was given up; null if it was not.</summary>
    public required string? Reason { get; init; }

    /// <summary>When the event was.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the next attempt is to be; null when it is over.</summary>
    public required DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>When it was over.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>The last 20 attempts, oldest first.</summary>
    public required IReadOnlyList<WebhookAttempt> Attempts { get; init; }

    internal static WebhookDelivery Of(Document<Delivery> document) => new()
    {
        Id = document.Id,
        WebhookId = document.Value.EndpointId,
        MessageId = document.Value.MessageId,
        EventType = document.Value.EventType,
        AnalysisId = document.Value.AnalysisId,
        Url = document.Value.Url,
        Status = document.Value.Status,
        Reason = document.Value.Reason,
        CreatedAt = document.Value.CreatedAt,
        NextAttemptAt = document.Value.NextAttemptAt,
        EndedAt = document.Value.EndedAt,
        Attempts = [.. document.Value.Attempts.Select(attempt => new WebhookAttempt(attempt.At, attempt.StatusCode, attempt.Error, attempt.LatencyMs, attempt.Response))],
    };
}

/// <summary>One attempt.</summary>
/// <param name="At">When it began.</param>
/// <param name="StatusCode">HTTP status of the answer; null if there was none.</param>
/// <param name="Error">Why there was no answer; null if there was.</param>
/// <param name="LatencyMs">How long the answer took, in milliseconds.</param>
/// <param name="Response">Beginning of the answer's body, at most 1 KB.</param>
public sealed record WebhookAttempt(DateTimeOffset At, int? StatusCode, string? Error, double LatencyMs, string? Response);

/// <summary>Some deliveries of an endpoint.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="NextCursor">For the next page; null on the last.</param>
public sealed record WebhookDeliveryPage(IReadOnlyList<WebhookDelivery> Items, string? NextCursor);
