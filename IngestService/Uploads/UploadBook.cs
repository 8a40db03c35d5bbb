using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Uploads;

/// <summary>
/// The uploads of all tenants: what is durable of each, and what may be done with it. Every change goes through the version of the
/// document, so that of two writers one wins and the other hears of it.
/// </summary>
internal sealed partial class UploadBook(
    IDocumentStore<Upload> documents,
    IUploadStore store,
    IObjectStore objects,
    MediaIntake intake,
    AnalysisIds ids,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<UploadBook> logger)
{
    /// <summary>How long a document stays behind the end of its upload: what began in time may end.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    /// <summary>Begins a resumable upload.</summary>
    /// <exception cref="SubmissionRejectedException">Empty, or too large.</exception>
    public async Task<Document<Upload>> CreateAsync(string tenant, long length, SubmissionFields fields, bool analyze, string? metadata, CancellationToken cancellationToken)
    {
        var upload = New(UploadKind.Resumable, length, fields) with { Analyze = analyze, Metadata = metadata };
        var grown = await store.BeginAsync(ObjectKeys.Media(tenant, upload.AnalysisId), length, "application/octet-stream", cancellationToken);
        return await AddAsync(tenant, upload with { Grown = grown }, cancellationToken);
    }

    /// <summary>Begins an upload whose bytes go to the object store.</summary>
    /// <exception cref="SubmissionRejectedException">Empty, or too large.</exception>
    public Task<Document<Upload>> CreateDirectAsync(string tenant, long length, string? sha256, SubmissionFields fields, CancellationToken cancellationToken) =>
        AddAsync(tenant, New(UploadKind.Direct, length, fields) with { Sha256 = sha256 }, cancellationToken);

    /// <summary>An upload of the tenant that is not over its time.</summary>
    /// <exception cref="SubmissionRejectedException">There is none.</exception>
    public async Task<Document<Upload>> GetAsync(string tenant, string id, CancellationToken cancellationToken) =>
        Upload.IsId(id) && await documents.FindAsync(tenant, id, cancellationToken) is { } document && document.Value.ExpiresAt > time.GetUtcNow() ? document : throw Gone();

    /// <summary>Appends what a request brings.</summary>
    /// <returns>The upload as it is then.</returns>
    /// <exception cref="SubmissionRejectedException">It stands elsewhere, or the checksum does not hold.</exception>
    public async Task<Document<Upload>> AppendAsync(Document<Upload> document, long offset, Stream body, UploadChecksum? checksum, CancellationToken cancellationToken)
    {
        var upload = document.Value;
        if (offset != upload.Offset || upload.Kind != UploadKind.Resumable) throw Conflict($"The upload stands at {upload.Offset}.");
        if (upload.State != UploadState.Open) return document;
        await using var piece = new PieceStream(body, upload.Length - offset, checksum?.Algorithm);
        try
        {
            await store.AppendAsync(
                upload.Grown!, piece, async grown => document = await UpdateAsync(document, document.Value with { Grown = grown }, CancellationToken.None),
                checksum is null ? null : () => Verify(checksum, piece.Hash()), cancellationToken);
        }
        catch (ObjectNotFoundException e)
        {
            throw Conflict("Another request has continued the upload.", e);
        }

        return document;
    }

    /// <summary>Makes a whole upload a file and looks at it, if that was not done before. Not cancelled with the client: it would only have to be done again.</summary>
    /// <exception cref="SubmissionRejectedException">What came is not welcome, and is removed; or bytes are missing.</exception>
    public async Task<Document<Upload>> FinishAsync(string tenant, Document<Upload> document)
    {
        var upload = document.Value;
        if (upload.State != UploadState.Open) return document;
        var key = ObjectKeys.Media(tenant, upload.AnalysisId);
        StoredMedia media;
        try
        {
            await AssembleAsync(tenant, upload, key);
            media = await intake.InspectAsync(key, upload.Length, CancellationToken.None);
            if (upload.Sha256 is not null && upload.Sha256 != media.Sha256) throw new SubmissionRejectedException(ErrorCodes.ChecksumMismatch, "The file does not have the announced SHA-256.");
        }
        catch (SubmissionRejectedException e) when (e.Code is not (ErrorCodes.Unavailable or ErrorCodes.UploadIncomplete))
        {
            await RemoveAsync(document, CancellationToken.None);
            throw;
        }

        return await UpdateAsync(document, upload with { State = UploadState.Complete, Media = media }, CancellationToken.None);
    }

    /// <summary>Notes that an analysis is being made of it: from now on the file is the analysis'.</summary>
    public Task<Document<Upload>> MarkSubmittedAsync(Document<Upload> document, CancellationToken cancellationToken) =>
        document.Value.State == UploadState.Submitted ? Task.FromResult(document) : UpdateAsync(document, document.Value with { State = UploadState.Submitted }, cancellationToken);

    /// <summary>Forgets what the client said of a file whose record is written: it is kept there, and goes when that is deleted. Does not throw.</summary>
    public async Task ForgetContentAsync(Document<Upload> document)
    {
        if (document.Value is not { State: UploadState.Submitted, Media: { Sha256.Length: > 0 } media }) return;
        try
        {
            await UpdateAsync(document, document.Value with { Fields = new SubmissionFields(), Metadata = null, Sha256 = null, Media = media with { Sha256 = "" } }, CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.NotForgotten(logger, document.Id, e);
        }
    }

    /// <summary>Removes an upload with its bytes, unless they are an analysis' by now.</summary>
    /// <exception cref="SubmissionRejectedException">It was changed meanwhile.</exception>
    public async Task RemoveAsync(Document<Upload> document, CancellationToken cancellationToken)
    {
        var upload = document.Value;
        var now = time.GetUtcNow();
        // As long as an address lives that was given out, bytes can come again: the document stays to have them removed then.
        var last = upload.Kind == UploadKind.Direct ? upload.CreatedAt + options.Value.DirectWindow + Margin : now;
        // Marked first, so that a writer that is still at it loses its turn and cannot bring bytes back.
        document = await UpdateAsync(document with { Due = last > now ? last : now }, upload with { ExpiresAt = now }, cancellationToken);
        if (upload.State != UploadState.Submitted)
        {
            if (upload.Grown is not null) await store.AbortAsync(upload.Grown, cancellationToken);
            await objects.DeletePrefixAsync(ObjectKeys.Prefix(document.Tenant, upload.AnalysisId), cancellationToken);
        }

        if (last <= now) await documents.TryDeleteAsync(document.Tenant, document.Id, document.Version, cancellationToken);
        Log.Removed(logger, document.Id, upload.State);
    }

    /// <summary>An upload is not where a request takes it to be.</summary>
    public static SubmissionRejectedException Conflict(string detail, Exception? inner = null) => new(ErrorCodes.UploadConflict, detail, inner);

    private static SubmissionRejectedException Gone() => new(ErrorCodes.NotFound, "There is no such upload, or its time is over.");

    private static void Verify(UploadChecksum checksum, byte[] actual)
    {
        if (!actual.AsSpan().SequenceEqual(checksum.Expected)) throw new SubmissionRejectedException(ErrorCodes.ChecksumMismatch, "The bytes that came do not have the checksum; nothing of them was kept.");
    }

    private Upload New(UploadKind kind, long length, SubmissionFields fields)
    {
        if (length <= 0) throw new SubmissionRejectedException(ErrorCodes.EmptyBody, "The file is empty.");
        if (length > options.Value.MaxBytes) throw UploadStream.TooLarge(options.Value.MaxBytes);
        var now = time.GetUtcNow();
        return new Upload { Kind = kind, AnalysisId = ids.Next(), Length = length, CreatedAt = now, ExpiresAt = now + options.Value.UploadWindow, Fields = fields };
    }

    private async Task<Document<Upload>> AddAsync(string tenant, Upload upload, CancellationToken cancellationToken)
    {
        var document = new Document<Upload>(tenant, Upload.IdOf(upload.AnalysisId), upload, upload.ExpiresAt + Margin, Version: 1);
        return await documents.TryAddAsync(document, cancellationToken) ? document : throw new InvalidOperationException($"{document.Id} was given out twice.");
    }

    private async Task<Document<Upload>> UpdateAsync(Document<Upload> document, Upload upload, CancellationToken cancellationToken)
    {
        var changed = document with { Value = upload };
        return await documents.TryUpdateAsync(changed, cancellationToken) ? changed with { Version = changed.Version + 1 } : throw Conflict("Another request has changed the upload.");
    }

    private async Task AssembleAsync(string tenant, Upload upload, string key)
    {
        if (upload.Kind == UploadKind.Resumable)
        {
            if (upload.Grown!.Length < upload.Length) throw Incomplete($"{upload.Grown.Length} of {upload.Length} bytes have come.");
            await store.CompleteAsync(upload.Grown, CancellationToken.None);
            return;
        }

        try
        {
            await store.MoveAsync(Upload.StagingKey(tenant, upload.AnalysisId), key, CancellationToken.None);
        }
        catch (ObjectNotFoundException e)
        {
            // Moved before, and nobody heard of it; or nothing has come.
            if (!await objects.ExistsAsync(key, CancellationToken.None)) throw Incomplete("Its bytes have not come.", e);
        }
    }

    private static SubmissionRejectedException Incomplete(string detail, Exception? inner = null) => new(ErrorCodes.UploadIncomplete, detail, inner);

    private static partial class Log
    {
        [LoggerMessage(1040, LogLevel.Information, "Upload {UploadId} is removed; it was {State}")]
        public static partial void Removed(ILogger logger, string uploadId, UploadState state);

        [LoggerMessage(1041, LogLevel.Warning, "{UploadId} keeps what was said of its file until somebody looks at it again, or its time is over")]
        public static partial void NotForgotten(ILogger logger, string uploadId, Exception exception);
    }
}
