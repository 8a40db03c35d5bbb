using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Deepfake.Infrastructure.Objects;

/// <content>
/// Objects that grow: a multipart upload whose parts are full, and a small object for what is too little for a part of its own, as S3
/// takes no part below 5 MB but the last. Part numbers and sizes do not depend on how the bytes arrive, so writers of the same bytes that
/// do not know of each other write the same parts.
/// </content>
public sealed partial class S3ObjectStore : IUploadStore, IDirectPut
{
    private const int MaxParts = 9_000; // of 10,000: room for rounding
    private static readonly TimeSpan RescueTime = TimeSpan.FromSeconds(20);

    /// <summary>Objects above this are copied in parts of this: one request copies 5 GB at most.</summary>
    internal long CopySize { get; init; } = 1024L * 1024 * 1024;

    /// <inheritdoc/>
    public async Task<GrowingObject> BeginAsync(string key, long length, string contentType, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        var upload = await _client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = _bucket.Name, Key = key, ContentType = contentType }, cancellationToken);
        return new GrowingObject { Key = key, Handle = upload.UploadId, PartSize = (int)Math.Max(PartSize, (length + MaxParts - 1) / MaxParts) };
    }

    /// <inheritdoc/>
    public async Task<GrowingObject> AppendAsync(GrowingObject grown, Stream content, Func<GrowingObject, Task> save, Action? verify, CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        using var part = new PartBuffer(grown.PartSize);
        if (grown.Tail is not null)
        {
            await using var tail = await OpenAsync(grown.Tail, cancellationToken);
            await part.FillUpAsync(tail, cancellationToken);
        }

        var saved = grown;
        while (true)
        {
            try
            {
                await part.FillUpAsync(content, cancellationToken);
            }
            catch when (verify is null)
            {
                using var rescue = new CancellationTokenSource(RescueTime);
                await SaveAsync(await PutTailAsync(grown, part, rescue.Token));
                throw;
            }

            if (!part.IsFull) break;
            var tag = await SendAsync(grown.Key, grown.Handle, grown.Parts.Count + 1, part, cancellationToken);
            part.Clear();
            grown = grown with { Parts = [.. grown.Parts, tag.ETag], Length = (long)(grown.Parts.Count + 1) * grown.PartSize, Tail = null };
            if (verify is null) await SaveAsync(grown);
        }

        verify?.Invoke();
        await SaveAsync(await PutTailAsync(grown, part, cancellationToken));
        return saved;

        async Task SaveAsync(GrowingObject state)
        {
            if (state.Length == saved.Length) return;
            await save(state);
            var before = saved;
            saved = state;
            if (before.Tail is not null) await ForgetTailAsync(before.Tail);
        }
    }

    /// <inheritdoc/>
    public async Task CompleteAsync(GrowingObject grown, CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        var parts = grown.Parts.Select((tag, i) => new PartETag(i + 1, tag)).ToList();
        try
        {
            if (grown.Tail is not null) parts.Add(await SendTailAsync(grown, parts.Count + 1, cancellationToken));
            await _client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = _bucket.Name, Key = grown.Key, UploadId = grown.Handle, PartETags = parts }, cancellationToken);
        }
        catch (Exception e) when (e is ObjectNotFoundException || e is AmazonS3Exception { ErrorCode: "NoSuchUpload" or "InvalidPart" or "InvalidPartOrder" })
        {
            // Done before, and nobody heard of it.
            if (!await HasLengthAsync(grown.Key, grown.Length, cancellationToken)) throw new IOException($"'{grown.Key}' lost what was saved of it.", e);
        }

        await DeleteTailsAsync(grown, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task AbortAsync(GrowingObject grown, CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        try
        {
            await _client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = _bucket.Name, Key = grown.Key, UploadId = grown.Handle }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // It was complete, or removed before.
        }

        await DeleteTailsAsync(grown, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task MoveAsync(string source, string target, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(source);
        ObjectKeys.ThrowIfInvalid(target);
        await _bucket.EnsureAsync(cancellationToken);
        try
        {
            var head = await _client.GetObjectMetadataAsync(_bucket.Name, source, cancellationToken);
            if (head.ContentLength <= CopySize)
            {
                await _client.CopyObjectAsync(
                    new CopyObjectRequest { SourceBucket = _bucket.Name, SourceKey = source, DestinationBucket = _bucket.Name, DestinationKey = target, ETagToMatch = head.ETag }, cancellationToken);
            }
            else
            {
                await CopyPartsAsync(source, target, head, cancellationToken);
            }
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw new ObjectNotFoundException(source);
        }

        await _client.DeleteObjectAsync(_bucket.Name, source, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Uri> SignAsync(string key, long length, TimeSpan validFor, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        var request = new GetPreSignedUrlRequest
        {
            BucketName = _bucket.Name,
            Key = key,
            Verb = HttpVerb.PUT,
            Expires = DateTime.UtcNow + validFor,
            Protocol = _signsHttp ? Protocol.HTTP : Protocol.HTTPS,
        };
        request.Headers.ContentLength = length; // part of the signature: another length is refused
        return new Uri(await _signer.GetPreSignedURLAsync(request));
    }

    private async Task CopyPartsAsync(string source, string target, GetObjectMetadataResponse head, CancellationToken cancellationToken)
    {
        var upload = (await _client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = _bucket.Name, Key = target, ContentType = head.Headers.ContentType }, cancellationToken)).UploadId;
        try
        {
            var parts = new List<PartETag>();
            for (long first = 0; first < head.ContentLength; first += CopySize)
            {
                var copied = await _client.CopyPartAsync(
                    new CopyPartRequest
                    {
                        SourceBucket = _bucket.Name,
                        SourceKey = source,
                        DestinationBucket = _bucket.Name,
                        DestinationKey = target,
                        UploadId = upload,
                        PartNumber = parts.Count + 1,
                        FirstByte = first,
                        LastByte = Math.Min(first + CopySize, head.ContentLength) - 1,
                        ETagToMatch = [head.ETag],
                    },
                    cancellationToken);
                parts.Add(new PartETag(parts.Count + 1, copied.ETag));
            }

            await _client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = _bucket.Name, Key = target, UploadId = upload, PartETags = parts }, cancellationToken);
        }
        catch
        {
            await AbortAsync(target, upload);
            throw;
        }
    }

    /// <summary>Keeps what is not enough for a part under a name of its own: a state never shares its tail with another.</summary>
    private async Task<GrowingObject> PutTailAsync(GrowingObject grown, PartBuffer part, CancellationToken cancellationToken)
    {
        var length = ((long)grown.Parts.Count * grown.PartSize) + part.Length;
        if (length == grown.Length) return grown;
        var tail = $"{TailPrefix(grown)}{Guid.NewGuid():n}";
        using var body = part.Open();
        await _client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket.Name, Key = tail, InputStream = body, AutoCloseStream = false }, cancellationToken);
        return grown with { Tail = tail, Length = length };
    }

    private async Task ForgetTailAsync(string tail)
    {
        try
        {
            using var deadline = new CancellationTokenSource(RescueTime);
            await _client.DeleteObjectAsync(_bucket.Name, tail, deadline.Token);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or OperationCanceledException)
        {
            LogLeft(tail, e); // goes with the others when the object is complete
        }
    }

    private async Task<PartETag> SendTailAsync(GrowingObject grown, int number, CancellationToken cancellationToken)
    {
        await using var tail = await OpenAsync(grown.Tail!, cancellationToken);
        using var part = new PartBuffer(grown.PartSize);
        await part.FillAsync(tail, cancellationToken);
        return await SendAsync(grown.Key, grown.Handle, number, part, cancellationToken);
    }

    private async Task DeleteTailsAsync(GrowingObject grown, CancellationToken cancellationToken)
    {
        var tails = new List<string>();
        await foreach (var key in ListAsync(TailPrefix(grown), cancellationToken)) tails.Add(key);
        foreach (var tail in tails) await _client.DeleteObjectAsync(_bucket.Name, tail, cancellationToken);
    }

    private async Task<bool> HasLengthAsync(string key, long length, CancellationToken cancellationToken)
    {
        try
        {
            return (await _client.GetObjectMetadataAsync(_bucket.Name, key, cancellationToken)).ContentLength == length;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private static string TailPrefix(GrowingObject grown) => $"{grown.Key}.tail-";
}
