using System.Globalization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Uploads;

/// <summary>
/// Resumable upload by the tus protocol, 1.0.0: core, creation, creation-with-upload, expiration, checksum, termination
/// (https://tus.io/protocols/resumable-upload). The offset is what is durable.
/// </summary>
internal sealed class TusEndpoints(UploadBook book, UploadTurns turns, UploadSubmission submission, IOptions<IngestOptions> options)
{
    public const string Version = "1.0.0";
    public const string Extensions = "creation,creation-with-upload,expiration,checksum,termination";
    public const string PieceType = "application/offset+octet-stream";

    /// <summary>Leads to the analysis that was made of a finished upload.</summary>
    public const string AnalysisHeader = "Analysis-Location";

    private const string VersionHeader = "Tus-Resumable";
    private const string OffsetHeader = "Upload-Offset";
    private const string LengthHeader = "Upload-Length";
    private const long Margin = 64 * 1024;

    /// <summary><c>OPTIONS</c>: what this server can do.</summary>
    public IResult Describe(HttpContext http)
    {
        var headers = Begin(http);
        headers["Tus-Version"] = Version;
        headers["Tus-Extension"] = Extensions;
        headers["Tus-Max-Size"] = Number(options.Value.MaxBytes);
        headers["Tus-Checksum-Algorithm"] = UploadChecksum.Algorithms;
        return TypedResults.NoContent();
    }

    /// <summary><c>POST</c>: a new upload, with its first bytes where the request has some.</summary>
    public async Task<IResult> CreateAsync(HttpContext http)
    {
        var headers = Begin(http);
        RequireVersion(http.Request);
        if (http.Request.Headers["Upload-Defer-Length"].Count > 0) throw Invalid("The length must be known: send Upload-Length.");
        var tenant = http.GetCaller().Tenant;
        var metadata = http.Request.Headers["Upload-Metadata"].ToString();
        var (fields, analyze) = UploadMetadata.Read(metadata);
        var length = ReadNumber(http.Request, LengthHeader);
        var isPiece = http.Request.ContentType == PieceType;
        var document = await book.CreateAsync(tenant, length, fields, analyze, metadata.Length > 0 ? metadata : null, http.RequestAborted);
        headers.Location = $"/v1/uploads/{document.Id}";
        if (isPiece)
        {
            using var turn = await turns.TakeAsync(tenant, document.Id, http.RequestAborted);
            document = await AppendAsync(http, turn, document, offset: 0);
        }

        headers[OffsetHeader] = Number(document.Value.Offset);
        WriteExpiry(headers, document.Value);
        return TypedResults.StatusCode(StatusCodes.Status201Created);
    }

    /// <summary><c>HEAD</c>: where the upload stands. Whoever is still sending gives way first, so that the answer stays true.</summary>
    public async Task<IResult> FindAsync(string id, HttpContext http)
    {
        var headers = Begin(http);
        RequireVersion(http.Request);
        using var turn = await turns.TakeAsync(http.GetCaller().Tenant, id, http.RequestAborted);
        var document = await book.GetAsync(http.GetCaller().Tenant, id, http.RequestAborted);
        document = await FinishAsync(http, document);
        headers[OffsetHeader] = Number(document.Value.Offset);
        headers[LengthHeader] = Number(document.Value.Length);
        if (document.Value.Metadata is { } metadata) headers["Upload-Metadata"] = metadata;
        WriteExpiry(headers, document.Value);
        return TypedResults.Ok();
    }

    /// <summary><c>PATCH</c>: the next bytes.</summary>
    public async Task<IResult> AppendAsync(string id, HttpContext http)
    {
        var headers = Begin(http);
        RequireVersion(http.Request);
        if (http.Request.ContentType != PieceType) throw new SubmissionRejectedException(ErrorCodes.UnsupportedMedia, $"The content type of a piece is {PieceType}.");
        var offset = ReadNumber(http.Request, OffsetHeader);
        using var turn = await turns.TakeAsync(http.GetCaller().Tenant, id, http.RequestAborted);
        var document = await book.GetAsync(http.GetCaller().Tenant, id, http.RequestAborted);
        document = await AppendAsync(http, turn, document, offset);
        headers[OffsetHeader] = Number(document.Value.Offset);
        WriteExpiry(headers, document.Value);
        return TypedResults.NoContent();
    }

    /// <summary><c>DELETE</c>: the upload is not wanted any more.</summary>
    public async Task<IResult> TerminateAsync(string id, HttpContext http)
    {
        Begin(http);
        using var turn = await turns.TakeAsync(http.GetCaller().Tenant, id, http.RequestAborted);
        await book.RemoveAsync(await book.GetAsync(http.GetCaller().Tenant, id, http.RequestAborted), http.RequestAborted);
        return TypedResults.NoContent();
    }

    /// <summary><c>POST</c> to an upload stands for another method, for clients whose way knows only some.</summary>
    public Task<IResult> OverrideAsync(string id, HttpContext http) => http.Request.Headers["X-HTTP-Method-Override"].ToString().ToUpperInvariant() switch
    {
        "PATCH" => AppendAsync(id, http),
        "HEAD" => FindAsync(id, http),
        "DELETE" => TerminateAsync(id, http),
        _ => throw Invalid("A POST to an upload needs X-HTTP-Method-Override: PATCH, HEAD or DELETE."),
    };

    private async Task<Document<Upload>> AppendAsync(HttpContext http, UploadTurns.Turn turn, Document<Upload> document, long offset)
    {
        var checksum = UploadChecksum.Read(http.Request.Headers["Upload-Checksum"].ToString());
        var room = document.Value.Length - offset;
        if (http.Request.ContentLength > room) throw new SubmissionRejectedException(ErrorCodes.TooLarge, "The piece is larger than what is missing of the upload.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Math.Max(room, 0) + Margin;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(turn.Asked, http.RequestAborted);
        try
        {
            document = await book.AppendAsync(document, offset, http.Request.Body, checksum, stop.Token);
        }
        catch (OperationCanceledException e) when (turn.Asked.IsCancellationRequested)
        {
            throw UploadBook.Conflict("A newer request goes on with the upload.", e);
        }

        return await FinishAsync(http, document);
    }

    /// <summary>Looks at what is whole, and submits it where the client wanted that. Done before an answer says that all has come.</summary>
    private async Task<Document<Upload>> FinishAsync(HttpContext http, Document<Upload> document)
    {
        if (document.Value.Offset < document.Value.Length) return document;
        document = await book.FinishAsync(document.Tenant, document);
        if (await FindAnalysisAsync(http, document) is not { } id) return document;
        http.Response.Headers[AnalysisHeader] = $"/v1/analyses/{id}";
        return document with { Value = document.Value with { State = UploadState.Submitted } };
    }

    /// <summary>
    /// The analysis of a whole upload, made where the client wanted one; null where there is none, or none any more. An upload that is
    /// marked may still be without: its first submission was refused, or died behind the mark.
    /// </summary>
    private async Task<string?> FindAnalysisAsync(HttpContext http, Document<Upload> document)
    {
        var (tenant, upload) = (document.Tenant, document.Value);
        if (!upload.Analyze)
            return upload.State == UploadState.Submitted && await submission.FindAnalysisAsync(tenant, upload.AnalysisId, http.RequestAborted) is not null ? upload.AnalysisId : null;
        try
        {
            var request = new SubmissionRequest { Tenant = tenant, Concurrency = SubmissionRequest.ConcurrencyOf(http.GetCaller()) };
            return (await submission.SubmitAsync(request, document, fields => fields, http.RequestAborted)).Analysis.Id;
        }
        catch (SubmissionRejectedException e) when (e.Code == ErrorCodes.NotFound)
        {
            return null; // it was deleted
        }
    }

    private static IHeaderDictionary Begin(HttpContext http)
    {
        http.Response.Headers[VersionHeader] = Version;
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.Headers;
    }

    private static void RequireVersion(HttpRequest request)
    {
        if (request.Headers[VersionHeader] == Version) return;
        request.HttpContext.Response.Headers["Tus-Version"] = Version;
        throw new SubmissionRejectedException(ErrorCodes.UnsupportedVersion, $"{VersionHeader} must be {Version}.");
    }

    private static long ReadNumber(HttpRequest request, string header) =>
        long.TryParse(request.Headers[header].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid($"{header} is missing, or no number of bytes.");

    private static void WriteExpiry(IHeaderDictionary headers, Upload upload) => headers["Upload-Expires"] = upload.ExpiresAt.ToString("R", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static SubmissionRejectedException Invalid(string detail) => new(ErrorCodes.InvalidRequest, detail);
}
