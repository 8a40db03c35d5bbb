using System.Text.Json.Serialization;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Where a delivery stands.</summary>
public enum DeliveryStatus
{
    /// <summary>An attempt is to come, or under way.</summary>
    Pending,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>
/// One notice to one endpoint; a document. It is due at its next attempt (or, while one is under way, when that must have ended), and once
/// it is over, when the log forgets it.
/// </summary>
public sealed record Delivery
{
    private const int AttemptsKept = 20;

    /// <summary>The endpoint.</summary>
    public required string EndpointId { get; init; }

    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public required string EventType { get; init; }

    /// <summary>Value of <c>webhook-id</c>: the same for every attempt and every endpoint.</summary>
    public required string MessageId { get; init; }

    /// <summary>The analysis it is about; null for a test.</summary>
    public string? AnalysisId { get; init; }

    /// <summary>Address that the analysis named; null for the endpoint's own.</summary>
    public string? Url { get; init; }

    /// <summary>When the event was (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Where it stands.</summary>
    public DeliveryStatus Status { get; init; }

    /// <summary>Why it was given up, one of <see cref="FailureReasons"/>.</summary>
    public string? Reason { get; init; }

    /// <summary>Failed attempts in this turn of the schedule.</summary>
    public int Failures { get; init; }

    /// <summary>When the next attempt is to be (UTC); null when it is over.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>Until when an attempt that is under way has the delivery for itself (UTC).</summary>
    public DateTimeOffset? LeasedUntil { get; init; }

    /// <summary>When it was over (UTC).</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The last attempts, oldest first.</summary>
    public IReadOnlyList<DeliveryAttempt> Attempts { get; init; } = [];

    /// <summary>W3C <c>traceparent</c> of the submission.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Takes note of an attempt.</summary>
    /// <param name="attempt">What came of it.</param>
    /// <param name="now">When it ended (UTC).</param>
    /// <param name="delays">Waits between attempts.</param>
    /// <param name="chance">In [0,1), for the jitter.</param>
    public Delivery After(DeliveryAttempt attempt, DateTimeOffset now, IReadOnlyList<TimeSpan> delays, double chance)
    {
        var noted = this with { Attempts = [.. Attempts.TakeLast(AttemptsKept - 1), attempt], LeasedUntil = null };
        if (attempt.Succeeded) return noted.End(DeliveryStatus.Delivered, null, now);
        noted = noted with { Failures = Failures + 1 };
        if (attempt.IsGone) return noted.End(DeliveryStatus.Failed, FailureReasons.Gone, now);
        if (EventType == EventTypes.Test) return noted.End(DeliveryStatus.Failed, FailureReasons.TestFailed, now);
        return RetrySchedule.Next(delays, noted.Failures, attempt.RetryAfter, chance) is { } wait
            ? noted with { NextAttemptAt = now + wait }
            : noted.End(DeliveryStatus.Failed, FailureReasons.AttemptsExhausted, now);
    }

    /// <summary>Ends it without an attempt.</summary>
    public Delivery End(DeliveryStatus status, string? reason, DateTimeOffset now) =>
        this with { Status = status, Reason = reason, EndedAt = now, NextAttemptAt = null, LeasedUntil = null };

    /// <summary>Begins the schedule anew.</summary>
    public Delivery Replay(DateTimeOffset now) =>
        this with { Status = DeliveryStatus.Pending, Reason = null, EndedAt = null, Failures = 0, NextAttemptAt = now, LeasedUntil = null };
}

/// <summary>One attempt.</summary>
public sealed record DeliveryAttempt
{
    /// <summary>When it began (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>HTTP status of the answer; null if there was none.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Why there was no answer; null if there was.</summary>
    public string? Error { get; init; }

    /// <summary>From the first byte sent to the answer, in milliseconds.</summary>
    public required double LatencyMs { get; init; }

    /// <summary>Beginning of the answer's body, at most 1 KB, control characters replaced.</summary>
    public string? Response { get; init; }

    /// <summary>What the receiver asked for with 429 or 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Any 2xx.</summary>
    [JsonIgnore]
    public bool Succeeded => StatusCode is >= 200 and < 300;

    /// <summary>The receiver wants no more of this endpoint.</summary>
    [JsonIgnore]
    public bool IsGone => StatusCode == 410;
}

/// <summary>Why a delivery was given up.</summary>
public static class FailureReasons
{
    /// <summary>The last attempt of the schedule failed.</summary>
    public const string AttemptsExhausted = "attempts_exhausted";

    /// <summary>The receiver answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>The endpoint was switched off meanwhile.</summary>
    public const string EndpointDisabled = "endpoint_disabled";

    /// <summary>The address may not be called.</summary>
    public const string AddressRefused = "address_refused";

    /// <summary>There is no secret to sign with.</summary>
    public const string NoSecret = "no_secret";

    /// <summary>The analysis was deleted before it could be told.</summary>
    public const string AnalysisDeleted = "analysis_deleted";

    /// <summary>A test is not repeated.</summary>
    public const string TestFailed = "test_failed";
}
