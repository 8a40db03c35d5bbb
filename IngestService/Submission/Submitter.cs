using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Reuse;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Tracing;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// Accepts an analysis. The order is what makes "accepted" durable: the file is stored, the key is claimed, the record is written, the
/// first message is confirmed, the client hears of it. A break before the record leaves nothing; one after it leaves work for the sweeper.
/// </summary>
internal sealed partial class Submitter(
    MediaIntake intake,
    AnalysisRecorder recorder,
    IdempotencyClaims claims,
    FinishedResults results,
    Backlog backlog,
    AnalysisIds ids,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<Submitter> logger)
{
    /// <summary>Reads a file and makes an analysis of it.</summary>
    /// <exception cref="SubmissionRejectedException">Not accepted; nothing is left behind.</exception>
    public async Task<SubmissionOutcome> SubmitAsync(SubmissionRequest request, ReadSubmission read, CancellationToken cancellationToken)
    {
        if (await FindSettledAsync(request, cancellationToken) is { } settled) return await ReplayAsync(request, settled, read, cancellationToken);
        await RequireRoomAsync(cancellationToken);
        var id = ids.Next();
        var key = ObjectKeys.Media(request.Tenant, id);
        StoredMedia? media = null;
        try
        {
            var fields = await read(async body => media = await intake.StoreAsync(key, body, cancellationToken));
            if (media is not null && request.Formats?.Contains(media.Format) == false)
                throw new SubmissionRejectedException(ErrorCodes.UnsupportedMedia, $"This address does not take {media.Format.ToString().ToUpperInvariant()}; /predict takes every format.");
            var outcome = await AcceptAsync(request, id, media ?? throw new InvalidOperationException("The body was read without its file."), fields, mark: null);
            if (outcome.Analysis.Id != id) await intake.DiscardAsync(key);
            return outcome;
        }
        catch (Exception e) when (media is not null && e is not SubmissionRejectedException { IsInDoubt: true })
        {
            await intake.DiscardAsync(key);
            throw;
        }
    }

    /// <summary>Makes an analysis of a file that is stored already, under an id that was given out with it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="id">Id of the analysis.</param>
    /// <param name="media">The file; it stays where it is, whatever happens.</param>
    /// <param name="fields">What the client says about it.</param>
    /// <param name="mark">Called before the record is written.</param>
    /// <param name="cancellationToken">Cancels before that.</param>
    /// <exception cref="AnalysisExistsException">It was made before.</exception>
    /// <exception cref="SubmissionRejectedException">Not accepted.</exception>
    public async Task<SubmissionOutcome> SubmitStoredAsync(
        SubmissionRequest request, string id, StoredMedia media, SubmissionFields fields, Func<Task> mark, CancellationToken cancellationToken)
    {
        await RequireRoomAsync(cancellationToken);
        return await AcceptAsync(request, id, media, fields, mark);
    }

    /// <summary>The answer to an earlier request of which this one, which names its file, is a repetition; null where it is the first.</summary>
    /// <exception cref="SubmissionRejectedException">The key belongs to another request.</exception>
    public async Task<SubmissionOutcome?> FindReplayAsync(SubmissionRequest request, CancellationToken cancellationToken) =>
        await FindSettledAsync(request, cancellationToken) is { } settled ? await ReplayAsync(request, settled, read: null, cancellationToken) : null;

    /// <summary>Turns away while too much work is waiting.</summary>
    /// <exception cref="SubmissionRejectedException">It is, or nobody knows.</exception>
    public async Task RequireRoomAsync(CancellationToken cancellationToken)
    {
        bool hasRoom;
        try
        {
            hasRoom = await backlog.HasRoomAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.StoreFailed(logger, e);
            throw Unavailable(e);
        }

        if (hasRoom) return;
        throw new SubmissionRejectedException(ErrorCodes.BacklogFull, "Too many analyses are waiting; try again later.") { RetryAfter = options.Value.BacklogRetryAfter };
    }

    /// <summary>The answer to a client whose analysis was accepted.</summary>
    public static Analysis Accepted(AnalysisRecord record) => new()
    {
        Id = record.Id,
        Status = AnalysisStatus.Accepted,
        Stage = Stage.Queued,
        Progress = 0,
        FileName = record.FileName,
        Reference = record.Reference,
        Metadata = record.Metadata ?? new Dictionary<string, string>(),
        Options = record.Options,
        Media = new MediaSummary { Format = record.Format, Sha256 = record.Sha256, SizeBytes = record.SizeBytes },
        CreatedAt = record.AcceptedAt,
    };

    /// <summary>A store is out of reach.</summary>
    public static SubmissionRejectedException Unavailable(Exception inner, bool isInDoubt = false) =>
        new(ErrorCodes.Unavailable, "The analysis could not be recorded; try again shortly.", inner) { RetryAfter = TimeSpan.FromSeconds(5), IsInDoubt = isInDoubt };

    /// <summary>Answers with a finished result, or claims the key, writes the record and publishes.</summary>
    private async Task<SubmissionOutcome> AcceptAsync(SubmissionRequest request, string id, StoredMedia media, SubmissionFields fields, Func<Task>? mark)
    {
        using var activity = Telemetry.StartAnalysisActivity("accept analysis", id);
        using var scope = logger.BeginAnalysisScope(id);
        var finished = request.Reuse ? await AskAsync(stop => results.FindAsync(request.Tenant, media.Sha256, fields.Options, stop)) : null;
        var (claim, isOurs) = await ClaimAsync(request, id, media, fields, finished);
        if (!isOurs) return await ReplayedAsync(request.Tenant, claim!.Value);
        if (finished is not null) return new SubmissionOutcome(finished, OutcomeKind.Reused);

        var record = Record(request.Tenant, id, media, fields) with { Concurrency = request.Concurrency };
        try
        {
            if (mark is not null) await mark();
            await recorder.CreateAsync(record, isShared: claim is not null || mark is not null);
        }
        catch (Exception e) when (claim is not null && e is not SubmissionRejectedException { IsInDoubt: true })
        {
            await claims.ReleaseAsync(claim, CancellationToken.None);
            throw;
        }

        // An upload has one analysis, whoever makes it; else it is one too many.
        if (claim is not null && !await SettleAsync(claim, Bare(record)) && mark is null) return await GiveWayAsync(request, record, media, fields);
        await recorder.PublishAsync(record);
        return new SubmissionOutcome(Accepted(record), OutcomeKind.Accepted);
    }

    /// <summary>So late that another request took the claim for abandoned: the answer is theirs, and the own record goes.</summary>
    private async Task<SubmissionOutcome> GiveWayAsync(SubmissionRequest request, AnalysisRecord record, StoredMedia media, SubmissionFields fields)
    {
        Document<IdempotencyClaim>? claim;
        bool isOurs;
        try
        {
            (claim, isOurs) = await ClaimAsync(request, record.Id, media, fields, finished: null);
        }
        catch
        {
            await recorder.ForgetAsync(record);
            throw;
        }

        if (isOurs || claim!.Value.AnalysisId != record.Id) await recorder.ForgetAsync(record);
        if (!isOurs) return await ReplayedAsync(request.Tenant, claim!.Value);
        await claims.ReleaseAsync(claim!, CancellationToken.None);
        throw Unavailable(new TimeoutException("The claim was taken over and came to nothing."));
    }

    private async Task<IdempotencyClaim?> FindSettledAsync(SubmissionRequest request, CancellationToken cancellationToken)
    {
        if (request.ClaimId is not { } claimId) return null;
        try
        {
            return await claims.FindSettledAsync(request.Tenant, claimId, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.StoreFailed(logger, e);
            throw Unavailable(e);
        }
    }

    /// <summary>Reads a request whose key has its answer, only to see whether it is the same.</summary>
    private async Task<SubmissionOutcome> ReplayAsync(SubmissionRequest request, IdempotencyClaim first, ReadSubmission? read, CancellationToken cancellationToken)
    {
        var content = request.Named?.Name;
        var fields = request.Named?.Fields ?? await read!(async body => content = Content(await intake.HashAsync(body, cancellationToken)));
        IdempotencyClaims.Compare(first, Fingerprint.Of(content!, fields, request.Reuse));
        return await ReplayedAsync(request.Tenant, first);
    }

    /// <returns>The claim, and whether it is this request's own; without a key there is none, and nobody else has it.</returns>
    private async Task<(Document<IdempotencyClaim>? Claim, bool IsOurs)> ClaimAsync(SubmissionRequest request, string analysisId, StoredMedia media, SubmissionFields fields, Analysis? finished)
    {
        if (request.ClaimId is not { } claimId) return (null, true);
        var ours = new IdempotencyClaim
        {
            Fingerprint = Fingerprint.Of(request.Named?.Name ?? Content(media.Sha256), request.Named?.Fields ?? fields, request.Reuse),
            AnalysisId = finished?.Id ?? analysisId,
            ClaimedAt = time.GetUtcNow(),
            IsReused = finished is not null,
        };
        var claim = await AskAsync(stop => claims.ClaimAsync(request.Tenant, claimId, ours, stop));
        return (claim, ReferenceEquals(claim.Value, ours));
    }

    /// <summary>When the answer cannot be kept, the record tells those who come later.</summary>
    private async Task<bool> SettleAsync(Document<IdempotencyClaim> claim, Analysis answer)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            return await claims.SettleAsync(claim, answer, timeout.Token);
        }
        catch (Exception e)
        {
            Log.NotSettled(logger, answer.Id, e);
            return true;
        }
    }

    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            return await ask(timeout.Token);
        }
        catch (Exception e) when (e is not SubmissionRejectedException)
        {
            Log.StoreFailed(logger, e);
            throw Unavailable(e);
        }
    }

    private AnalysisRecord Record(string tenant, string id, StoredMedia media, SubmissionFields fields)
    {
        var now = time.GetUtcNow();
        return new AnalysisRecord
        {
            Id = id,
            Tenant = tenant,
            Lane = fields.Lane,
            FileName = fields.FileName,
            MediaKey = media.Key,
            Format = media.Format,
            SizeBytes = media.SizeBytes,
            Sha256 = media.Sha256,
            AcceptedAt = now,
            Deadline = now + (fields.Lane == Lane.Batch ? options.Value.BatchDeadline : options.Value.InteractiveDeadline),
            WebhookUrl = fields.WebhookUrl,
            WebhookEndpointId = fields.WebhookEndpointId,
            Reference = fields.Reference,
            Metadata = fields.Metadata,
            Options = fields.Options,
            Retention = fields.Retention,
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
        };
    }

    /// <summary>The answer that an earlier request with the key had, as far as what it tells of has not been deleted.</summary>
    private async Task<SubmissionOutcome> ReplayedAsync(string tenant, IdempotencyClaim claim)
    {
        var id = claim.AnalysisId;
        if (claim.IsReused)
        {
            var result = await AskAsync(stop => results.GetAsync(tenant, id, stop)) ?? throw new SubmissionRejectedException(ErrorCodes.NotFound, "The result that this Idempotency-Key was answered with is deleted.");
            return new SubmissionOutcome(result, OutcomeKind.Reused) { IsReplayed = true };
        }

        var answer = await AskAsync(stop => recorder.FindAsync(tenant, id, stop)) is { } record ? Accepted(record) : claim.Answer!;
        return new SubmissionOutcome(answer, OutcomeKind.Accepted) { IsReplayed = true };
    }

    /// <summary>What a key keeps of its answer.</summary>
    private static Analysis Bare(AnalysisRecord record)
    {
        var accepted = Accepted(record);
        return accepted with { FileName = null, Reference = null, Metadata = new Dictionary<string, string>(), Media = accepted.Media with { Sha256 = "" } };
    }

    private static string Content(string sha256) => $"sha256 {sha256}";

    private static partial class Log
    {
        [LoggerMessage(1014, LogLevel.Error, "A store that accepting needs is out of reach")]
        public static partial void StoreFailed(ILogger logger, Exception exception);

        [LoggerMessage(1015, LogLevel.Warning, "The answer of {AnalysisId} could not be kept with its key")]
        public static partial void NotSettled(ILogger logger, string analysisId, Exception exception);
    }
}
