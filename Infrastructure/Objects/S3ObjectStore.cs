using System.Buffers;
using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Deepfake.Infrastructure.Objects;

/// <summary>
/// Objects behind any S3 API. A stream is uploaded in parts of 8 MB while it is read, so a medium of any length needs one part of memory;
/// what fits in one part is a single PUT. The bucket is created on first use.
/// </summary>
public sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private const int PartBytes = 8 * 1024 * 1024;
    private readonly AmazonS3Client _client;
    private readonly string _bucket;
    private readonly string _downloads;
    private readonly SemaphoreSlim _bucketGate = new(1, 1);
    private volatile bool _bucketReady;

    /// <summary>Creates the store; nothing is sent yet.</summary>
    /// <param name="connection">Where the API is.</param>
    /// <param name="downloads">Folder for <see cref="MaterializeAsync"/>; what an earlier process left there is removed.</param>
    public S3ObjectStore(S3ConnectionString connection, string downloads)
    {
        _bucket = connection.Bucket;
        _downloads = downloads;
        if (Directory.Exists(downloads)) Directory.Delete(downloads, recursive: true);
        Directory.CreateDirectory(downloads);
        _client = new AmazonS3Client(new BasicAWSCredentials(connection.AccessKey, connection.SecretKey), new AmazonS3Config
        {
            ServiceURL = connection.Endpoint.ToString(),
            AuthenticationRegion = connection.Region,
            ForcePathStyle = true,
            UseHttp = connection.Endpoint.Scheme == Uri.UriSchemeHttp,
            // Servers other than AWS do not know the newer checksums.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = TimeSpan.FromMinutes(2),
            MaxErrorRetry = 3,
        });
    }

    /// <inheritdoc/>
    public async Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellationToken)
    {
        await EnsureBucketAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(PartBytes);
        try
        {
            var count = await content.ReadAtLeastAsync(buffer.AsMemory(0, PartBytes), PartBytes, throwOnEndOfStream: false, cancellationToken);
            if (count == PartBytes) return await PutPartsAsync(key, content, contentType, buffer, cancellationToken);

            using var body = new MemoryStream(buffer, 0, count, writable: false);
            await _client.PutObjectAsync(new PutObjectRequest
            {
                BucketName = _bucket,
                Key = key,
                InputStream = body,
                ContentType = contentType,
                AutoCloseStream = false,
                UseChunkEncoding = false,
            }, cancellationToken);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var response = await _client.GetObjectAsync(_bucket, key, cancellationToken);
            return response.ResponseStream;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw new ObjectNotFoundException(key);
        }
    }

    /// <inheritdoc/>
    public async Task<LocalObject> MaterializeAsync(string key, CancellationToken cancellationToken)
    {
        await using var source = await OpenAsync(key, cancellationToken);
        var path = Path.Combine(_downloads, Guid.NewGuid().ToString("n"));
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
            await source.CopyToAsync(file, cancellationToken);
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        return new LocalObject(path, () => File.Delete(path));
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await _client.GetObjectMetadataAsync(_bucket, key, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await EnsureBucketAsync(cancellationToken);
        string? token = null;
        do
        {
            var page = await _client.ListObjectsV2Async(
                new ListObjectsV2Request { BucketName = _bucket, Prefix = prefix, ContinuationToken = token }, cancellationToken);
            foreach (var entry in page.S3Objects ?? []) yield return entry.Key;
            token = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (token is not null);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await EnsureBucketAsync(cancellationToken);
        await _client.DeleteObjectAsync(_bucket, key, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> DeletePrefixAsync(string prefix, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var key in ListAsync(prefix, cancellationToken)) keys.Add(key);
        // One by one: an analysis has a handful of objects, and not every server takes the batch call without the checksums left out above.
        foreach (var key in keys) await _client.DeleteObjectAsync(_bucket, key, cancellationToken);
        return keys.Count;
    }

    /// <summary>Asks the server for the bucket, creating it when it is not there; throws when there is no answer.</summary>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await EnsureBucketAsync(cancellationToken);
        await AskAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _bucketGate.Dispose();
    }

    private async Task<long> PutPartsAsync(string key, Stream content, string contentType, byte[] buffer, CancellationToken cancellationToken)
    {
        var upload = await _client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = _bucket, Key = key, ContentType = contentType }, cancellationToken);
        try
        {
            var parts = new List<PartETag>();
            long total = 0;
            for (var count = PartBytes; count > 0;)
            {
                using var body = new MemoryStream(buffer, 0, count, writable: false);
                var part = await _client.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = _bucket,
                    Key = key,
                    UploadId = upload.UploadId,
                    PartNumber = parts.Count + 1,
                    PartSize = count,
                    InputStream = body,
                    UseChunkEncoding = false,
                }, cancellationToken);
                parts.Add(new PartETag(parts.Count + 1, part.ETag));
                total += count;
                count = await content.ReadAtLeastAsync(buffer.AsMemory(0, PartBytes), PartBytes, throwOnEndOfStream: false, cancellationToken);
            }

            await _client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = _bucket, Key = key, UploadId = upload.UploadId, PartETags = parts }, cancellationToken);
            return total;
        }
        catch
        {
            // The caller's token may be what broke it; the parts have to go all the same.
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _client.AbortMultipartUploadAsync(
                new AbortMultipartUploadRequest { BucketName = _bucket, Key = key, UploadId = upload.UploadId }, patience.Token);
            throw;
        }
    }

    private Task<ListObjectsV2Response> AskAsync(CancellationToken cancellationToken) =>
        _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = _bucket, MaxKeys = 1 }, cancellationToken);

    private async Task EnsureBucketAsync(CancellationToken cancellationToken)
    {
        if (_bucketReady) return;
        await _bucketGate.WaitAsync(cancellationToken);
        try
        {
            if (_bucketReady) return;
            try
            {
                await AskAsync(cancellationToken);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                try
                {
                    await _client.PutBucketAsync(_bucket, cancellationToken);
                }
                catch (AmazonS3Exception race) when (race.ErrorCode is "BucketAlreadyOwnedByYou" or "BucketAlreadyExists")
                {
                    // Another service was faster.
                }
            }

            _bucketReady = true;
        }
        finally
        {
            _bucketGate.Release();
        }
    }
}
