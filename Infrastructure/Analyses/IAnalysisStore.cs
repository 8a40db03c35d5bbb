using Deepfake.Contracts;
using Deepfake.Infrastructure.History;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// The state of running and recent analyses: SQLite (embedded) or Redis (production). Every write is idempotent, and
/// durable when its task completes. Methods that take only an id are for services, which got the id from a message; the ones that
/// take a tenant serve the public API.
/// </summary>
public interface IAnalysisStore
{
    /// <summary>Records an accepted analysis. Appends its first event.</summary>
    /// <exception cref="InvalidOperationException">The id exists.</exception>
    /// <exception cref="ConcurrencyExceededException">Key or tenant has as many unfinished analyses as <see cref="AnalysisRecord.Concurrency"/> allows; nothing was recorded.</exception>
    Task CreateAsync(AnalysisRecord record, CancellationToken cancellationToken);

    /// <summary>The record with its current state; null if unknown, deleted or of another tenant.</summary>
    Task<AnalysisState?> FindAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>The record with its current state; null if unknown or deleted.</summary>
    Task<AnalysisState?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Notes that the first message of the analysis was confirmed by the broker.</summary>
    Task MarkPublishedAsync(string id, CancellationToken cancellationToken);

    /// <summary>Running analyses accepted before a time whose first message was never confirmed, oldest first.</summary>
    Task<IReadOnlyList<AnalysisState>> FindUnpublishedAsync(DateTimeOffset acceptedBefore, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Analyses of a tenant that history may not have yet (running, or over but not announced), newest first, ids descending inside an
    /// instant: the order of <see cref="IHistoryStore.ListAsync"/>, times in whole microseconds.
    /// </summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="after">Only those behind this place; null for all.</param>
    /// <param name="limit">At most this many, from 1.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<AnalysisState>> ListOpenAsync(string tenant, HistoryCursor? after, int limit, CancellationToken cancellationToken);

    /// <summary>Analyses that are not over, oldest first: what a restarted embedded host takes up again.</summary>
    Task<IReadOnlyList<AnalysisState>> FindUnfinishedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Analyses that are not over and whose deadline has passed.</summary>
    Task<IReadOnlyList<AnalysisState>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>How many analyses are not over.</summary>
    Task<long> CountUnfinishedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stores one part of the result. A part that is already there stays as it is; nothing is stored for an analysis that is over,
    /// deleted or unknown.
    /// </summary>
    /// <returns>False if nothing was stored.</returns>
    Task<bool> AddPartAsync(string id, PartKey key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken);

    /// <summary>All parts that have arrived.</summary>
    Task<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>> GetPartsAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Moves stage and percent forward, sets the status to running and appends a progress event. Never moves back: a lower or equal
    /// percent, or an analysis that is over, changes nothing.
    /// </summary>
    /// <param name="id">The analysis.</param>
    /// <param name="stage">Stage that was reached.</param>
    /// <param name="percent">0–100.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False if nothing changed.</returns>
    Task<bool> AdvanceAsync(string id, Stage stage, double percent, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the final record by compare-and-set: only the first caller succeeds. Appends the terminal event and drops the parts.
    /// </summary>
    /// <returns>True for the one caller that ended the analysis.</returns>
    Task<bool> TryFinishAsync(string id, Analysis result, CancellationToken cancellationToken);

    /// <summary>The final record; null while running, or if unknown, deleted or of another tenant.</summary>
    Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>Analyses that are over but whose <see cref="AnalysisCompleted"/> was never confirmed by the broker.</summary>
    Task<IReadOnlyList<AnalysisState>> FindUnannouncedAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken);

    /// <summary>Notes that history has the result and <see cref="AnalysisCompleted"/> was confirmed by the broker.</summary>
    Task MarkAnnouncedAsync(string id, CancellationToken cancellationToken);

    /// <summary>Removes everything of an analysis, and remembers for an hour that the id is gone so that late parts stay out.</summary>
    /// <returns>False if unknown or of another tenant.</returns>
    Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>Ids deleted since a time: late workers may have written objects for them again.</summary>
    Task<IReadOnlyList<DeletedAnalysis>> FindDeletedAsync(DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Events of an analysis after a sequence number: first the stored ones, then new ones as they happen, whichever process wrote
    /// them. Ends after the terminal event, or at once for an unknown analysis.
    /// </summary>
    /// <param name="id">The analysis.</param>
    /// <param name="afterSequence">0 for all.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    IAsyncEnumerable<AnalysisEvent> WatchAsync(string id, long afterSequence, CancellationToken cancellationToken);
}

/// <summary>What is known of an analysis from its acceptance on; never changes.</summary>
public sealed record AnalysisRecord
{
    /// <summary>The analysis.</summary>
    public required string Id { get; init; }

    /// <summary>Its owner.</summary>
    public required string Tenant { get; init; }

    /// <summary>Queue family.</summary>
    public required Lane Lane { get; init; }

    /// <summary>Name the client gave, cleaned.</summary>
    public string? FileName { get; init; }

    /// <summary>Object key of the medium.</summary>
    public required string MediaKey { get; init; }

    /// <summary>Container of the medium.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>SHA-256, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>When it has to be over (UTC).</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Where to post the signed completion notice; null for nowhere.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Id of the one webhook endpoint that gets the notice; null for what the endpoints themselves subscribed to.</summary>
    public string? WebhookEndpointId { get; init; }

    /// <summary>The client's own name for it, 1–200 characters.</summary>
    public string? Reference { get; init; }

    /// <summary>Whatever else the client wanted to keep with it; null for nothing.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>What the client asked for.</summary>
    public AnalysisOptions Options { get; init; } = new();

    /// <summary>How long after its end everything of it stays; null for the tenant's rule.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Number among the analyses of the same stored medium, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The first analysis of this medium, whose medium this one reads; null for a first one.</summary>
    public string? ReprocessOf { get; init; }

    /// <summary>By which key it was submitted, and how many may be unfinished at once; null without a key.</summary>
    public Concurrency? Concurrency { get; init; }

    /// <summary>W3C <c>traceparent</c> of the submitting request, so that a republished analysis stays in its trace.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>How many analyses may be unfinished at once, the new one included. Counted exactly, whichever processes ask together.</summary>
/// <param name="KeyId">The key that submits.</param>
/// <param name="OfKey">At most so many of the key; null for any number.</param>
/// <param name="OfTenant">At most so many of its tenant; null for any number.</param>
public sealed record Concurrency(string KeyId, int? OfKey, int? OfTenant);

/// <summary>A record and where it stands.</summary>
public sealed record AnalysisState
{
    /// <summary>What was accepted.</summary>
    public required AnalysisRecord Record { get; init; }

    /// <summary>Status.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Stage.</summary>
    public required Stage Stage { get; init; }

    /// <summary>0–100.</summary>
    public required double Percent { get; init; }

    /// <summary>How many events it has: <see cref="IAnalysisStore.WatchAsync"/> after this number gives what comes next.</summary>
    public long Sequence { get; init; }

    /// <summary>When its last event happened (UTC).</summary>
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>When the first worker reported (UTC); null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Whether it is over.</summary>
    public bool IsOver => Status is AnalysisStatus.Completed or AnalysisStatus.Failed or AnalysisStatus.Cancelled;
}

/// <summary>Name of a part: which stage, which shard. Independent of the attempt, so that a repeated stage is the same part.</summary>
/// <param name="Stage">For example <c>faces</c>, <c>inference</c>, <c>forensics</c>.</param>
/// <param name="Shard">From 0.</param>
public readonly record struct PartKey(string Stage, int Shard)
{
    /// <summary>As stored: <c>stage/shard</c>.</summary>
    public override string ToString() => $"{Stage}/{Shard}";

    /// <summary>Reads the stored form.</summary>
    /// <exception cref="FormatException">Not <c>stage/shard</c>.</exception>
    public static PartKey Parse(string text)
    {
        var slash = text.LastIndexOf('/');
        return slash > 0 && int.TryParse(text.AsSpan(slash + 1), out var shard)
            ? new PartKey(text[..slash], shard)
            : throw new FormatException($"'{text}' is no part key.");
    }
}

/// <summary>One entry of an analysis' event log.</summary>
public sealed record AnalysisEvent
{
    /// <summary>Position, from 1, without gaps inside an analysis.</summary>
    public required long Sequence { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Status after the event.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Stage after the event.</summary>
    public required Stage Stage { get; init; }

    /// <summary>0–100.</summary>
    public required double Percent { get; init; }

    /// <summary>Whether it is the last one.</summary>
    public bool IsTerminal => Status is AnalysisStatus.Completed or AnalysisStatus.Failed or AnalysisStatus.Cancelled;
}

/// <summary>An analysis that was removed.</summary>
/// <param name="Tenant">Owner.</param>
/// <param name="Id">The analysis.</param>
/// <param name="At">When (UTC).</param>
public sealed record DeletedAnalysis(string Tenant, string Id, DateTimeOffset At);
