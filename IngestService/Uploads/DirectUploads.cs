using System.Security.Cryptography;
using System.Text;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Uploads;

/// <summary>
/// Uploads in two steps: an address that carries its own permission, and the submission of what was put there. The address is the object
/// store's where it has one; else this service signs one of its own. What comes is looked at when it is submitted.
/// </summary>
internal sealed class DirectUploads(
    UploadBook book, IObjectStore objects, IDocumentStore<SigningKey> keys, IServiceProvider provider, IOptions<IngestOptions> options, TimeProvider time)
{
    private readonly IDirectPut? _store = provider.GetService<IDirectPut>();
    private byte[]? _key;

    /// <summary>Gives out an address.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="request">What will come.</param>
    /// <param name="own">Scheme and host under which the client reached this service.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<DirectUpload> CreateAsync(string tenant, DirectUploadRequest request, string own, CancellationToken cancellationToken)
    {
        var document = await book.CreateDirectAsync(tenant, request.SizeBytes, request.Sha256, request.Fields, cancellationToken);
        var upload = document.Value;
        var until = upload.CreatedAt + options.Value.DirectWindow;
        var url = _store is null
            ? await SignAsync(tenant, document.Id, upload.Length, until, own, cancellationToken)
            : await _store.SignAsync(Upload.StagingKey(tenant, upload.AnalysisId), upload.Length, options.Value.DirectWindow, cancellationToken);
        return new DirectUpload { UploadId = document.Id, Url = url, SizeBytes = upload.Length, ExpiresAt = until };
    }

    /// <summary>Takes what a client puts at an address of this service.</summary>
    /// <exception cref="SubmissionRejectedException">The address was changed or is over its time, or the length is another.</exception>
    public async Task PutAsync(string id, DirectTicket ticket, Stream body, long? length, CancellationToken cancellationToken)
    {
        if (_store is not null || !await IsValidAsync(id, ticket, cancellationToken)) throw new SubmissionRejectedException(ErrorCodes.NotFound, "The address is not valid, or its time is over.");
        var document = await book.GetAsync(ticket.Tenant, id, cancellationToken);
        if (document.Value.State != UploadState.Open) throw UploadBook.Conflict("The upload was submitted before.");
        if (length is not null && length != ticket.Length) throw WrongLength(ticket);
        var piece = new PieceStream(body, ticket.Length, algorithm: null);
        await using (piece)
        {
            var key = Upload.StagingKey(ticket.Tenant, document.Value.AnalysisId);
            await objects.PutAsync(key, new WholeStream(piece, ticket.Length, () => WrongLength(ticket)), "application/octet-stream", cancellationToken);
        }
    }

    private async Task<Uri> SignAsync(string tenant, string id, long length, DateTimeOffset until, string own, CancellationToken cancellationToken)
    {
        var ticket = new DirectTicket(tenant, length, until.ToUnixTimeSeconds(), "");
        var signature = Convert.ToHexStringLower(Signature(await KeyAsync(cancellationToken), id, ticket));
        return new Uri($"{own}/v1/uploads/direct/{id}?tenant={Uri.EscapeDataString(tenant)}&length={length}&expires={ticket.Expires}&signature={signature}");
    }

    private async Task<bool> IsValidAsync(string id, DirectTicket ticket, CancellationToken cancellationToken)
    {
        var expected = Convert.ToHexStringLower(Signature(await KeyAsync(cancellationToken), id, ticket));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(ticket.Signature), Encoding.UTF8.GetBytes(expected)) && ticket.Expires > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private static byte[] Signature(byte[] key, string id, DirectTicket ticket) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"put\n{ticket.Tenant}\n{id}\n{ticket.Length}\n{ticket.Expires}"));

    /// <summary>The key lives with the documents: an address outlasts a restart.</summary>
    private async Task<byte[]> KeyAsync(CancellationToken cancellationToken)
    {
        if (_key is { } known) return known;
        while (true)
        {
            if (await keys.FindAsync("", SigningKey.Id, cancellationToken) is { } stored) return _key = Convert.FromBase64String(stored.Value.Secret);
            await keys.TryAddAsync(new Document<SigningKey>("", SigningKey.Id, new SigningKey(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))), cancellationToken);
        }
    }

    private static SubmissionRejectedException WrongLength(DirectTicket ticket) => new(ErrorCodes.InvalidRequest, $"{ticket.Length} bytes were announced.");
}

/// <summary>What a client says before a direct upload.</summary>
/// <param name="SizeBytes">Bytes that will come.</param>
/// <param name="Sha256">Their hash, lower-case hex; null where the client does not say.</param>
/// <param name="Fields">Name and options.</param>
internal sealed record DirectUploadRequest(long SizeBytes, string? Sha256, SubmissionFields Fields);

/// <summary>Where to put a file.</summary>
internal sealed record DirectUpload
{
    /// <summary>Id to submit it by.</summary>
    public required string UploadId { get; init; }

    /// <summary>Method of the request.</summary>
    public string Method { get; init; } = "PUT";

    /// <summary>Its address, which needs no further permission.</summary>
    public required Uri Url { get; init; }

    /// <summary>Headers the request must have besides the exact length.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Bytes it must have.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Until when (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The part of an own address that gives permission.</summary>
internal sealed record DirectTicket(string Tenant, long Length, long Expires, string Signature);

/// <summary>What own addresses are signed with.</summary>
internal sealed record SigningKey(string Secret)
{
    public const string Id = "direct_upload";
}
