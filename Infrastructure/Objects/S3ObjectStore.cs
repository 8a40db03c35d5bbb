using System.Net;
using System.Runtime.CompilerServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Deepfake.Infrastructure.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Objects;

/// <summary>
/// Objects in a bucket of any S3 API (MinIO, Ceph RGW, AWS). A stream goes up in parts while it is read, two parts in memory at most;
/// a small one in a single request.
/// </summary>
public sealed partial class S3ObjectStore : IObjectStore, IPrepared, IDisposable
{
    /// <summary>Bytes of a part: the smallest S3 allows, which with 10,000 parts makes 48 GB.</summary>
    internal const int PartSize = 5 * 1024 * 1024;

    private readonly AmazonS3Client _client;
    private readonly AmazonS3Client _signer;
    private readonly bool _signsHttp;
    private readonly S3Bucket _bucket;
    private readonly string _downloads;
    private readonly ILogger<S3ObjectStore> _logger;

    /// <summary>Creates the store; nothing is sent yet.</summary>
    /// <param name="connection">Where the API is.</param>
    /// <param name="time">For pauses between tries to reach a server that is not up yet.</param>
    /// <param name="logger">For events.</param>
    public S3ObjectStore(S3ConnectionString connection, TimeProvider time, ILogger<S3ObjectStore> logger)
    {
        _logger = logger;
        _client = Client(connection, connection.Endpoint);
        // Signatures hold the host: addresses for clients are signed for the host that clients see.
        _signer = connection.PublicEndpoint is { } address ? Client(connection, address) : _client;
        _signsHttp = (connection.PublicEndpoint ?? connection.Endpoint).Scheme == Uri.UriSchemeHttp;
        _bucket = new S3Bucket(_client, connection.Bucket, time, logger);
        _downloads = Path.Combine(Path.GetTempPath(), $"deepfake-objects-{Environment.UserName}");
        LocalCopies.RemoveStale(_downloads, time.GetUtcNow());
    }

    /// <inheritdoc/>
    public async Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        using var first = new PartBuffer(PartSize);
        await first.FillAsync(content, cancellationToken);
        if (first.IsFull) return await PutPartsAsync(key, first, content, contentType, cancellationToken);

        using var body = first.Open();
        await _client.PutObjectAsync(
            new PutObjectRequest { BucketName = _bucket.Name, Key = key, InputStream = body, ContentType = contentType, AutoCloseStream = false }, cancellationToken);
        return first.Length;
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        try
        {
            var response = await _client.GetObjectAsync(_bucket.Name, key, cancellationToken);
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
        await using var content = await OpenAsync(key, cancellationToken);
        return await LocalCopies.CreateAsync(_downloads, content, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        try
        {
            await _client.GetObjectMetadataAsync(_bucket.Name, key, cancellationToken);
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
        await foreach (var item in ItemsAsync(prefix, cancellationToken)) yield return item.Key;
    }

    /// <inheritdoc/>
    public async Task<ObjectTotal> MeasureAsync(string prefix, CancellationToken cancellationToken)
    {
        var total = new ObjectTotal();
        await foreach (var item in ItemsAsync(prefix, cancellationToken)) total = new ObjectTotal(total.Count + 1, total.Bytes + (item.Size ?? 0));
        return total;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfInvalid(key);
        await _bucket.EnsureAsync(cancellationToken);
        await _client.DeleteObjectAsync(_bucket.Name, key, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> DeletePrefixAsync(string prefix, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfNotPrefix(prefix);
        var count = 0;
        await foreach (var keys in ListAsync(prefix, cancellationToken).Chunk(1000).WithCancellation(cancellationToken))
        {
            await _client.DeleteObjectsAsync(
                new DeleteObjectsRequest { BucketName = _bucket.Name, Objects = [.. keys.Select(key => new KeyVersion { Key = key })], Quiet = true }, cancellationToken);
            count += keys.Length;
        }

        return count;
    }

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => _bucket.PersistAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        await _bucket.ProbeAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_signer != _client) _signer.Dispose();
        _client.Dispose();
        _bucket.Dispose();
    }

    private async IAsyncEnumerable<S3Object> ItemsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await _bucket.EnsureAsync(cancellationToken);
        var request = new ListObjectsV2Request { BucketName = _bucket.Name, Prefix = prefix };
        for (; ; )
        {
            var page = await _client.ListObjectsV2Async(request, cancellationToken);
            foreach (var item in page.S3Objects ?? []) yield return item;
            if (page.IsTruncated != true) yield break;
            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    private static AmazonS3Client Client(S3ConnectionString connection, Uri endpoint) => new(
        new BasicAWSCredentials(connection.AccessKey, connection.SecretKey),
        new AmazonS3Config
        {
            ServiceURL = endpoint.ToString(),
            AuthenticationRegion = connection.Region,
            ForcePathStyle = true,
            // The newer default sends trailing checksums that servers other than AWS may refuse.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            Timeout = TimeSpan.FromSeconds(100),
            MaxErrorRetry = 3,
        });

    private async Task<long> PutPartsAsync(string key, PartBuffer first, Stream content, string contentType, CancellationToken cancellationToken)
    {
        var upload = (await _client.InitiateMultipartUploadAsync(
            new InitiateMultipartUploadRequest { BucketName = _bucket.Name, Key = key, ContentType = contentType }, cancellationToken)).UploadId;
        using var second = new PartBuffer(PartSize);
        Task<PartETag>? sending = null;
        try
        {
            var parts = new List<PartETag>();
            long length = 0;
            for (PartBuffer current = first, other = second; current.Length > 0; (current, other) = (other, current))
            {
                length += current.Length;
                sending = SendAsync(key, upload, parts.Count + 1, current, cancellationToken);
                await other.FillAsync(content, cancellationToken); // while the part before is on its way
                parts.Add(await sending);
                sending = null;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await _client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = _bucket.Name, Key = key, UploadId = upload, PartETags = parts }, CancellationToken.None);
            return length;
        }
        catch
        {
            // The part on its way still reads its buffer, and would come after the abort.
            if (sending is not null) await sending.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await AbortAsync(key, upload);
            throw;
        }
    }

    private async Task<PartETag> SendAsync(string key, string upload, int number, PartBuffer part, CancellationToken cancellationToken)
    {
        using var body = part.Open();
        var response = await _client.UploadPartAsync(
            new UploadPartRequest { BucketName = _bucket.Name, Key = key, UploadId = upload, PartNumber = number, InputStream = body, PartSize = part.Length },
            cancellationToken);
        return new PartETag(number, response.ETag);
    }

    private async Task AbortAsync(string key, string upload)
    {
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = _bucket.Name, Key = key, UploadId = upload }, deadline.Token);
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or OperationCanceledException)
        {
            LogLeft(key, e); // the bucket's lifecycle rule removes it after a day
        }
    }

    [LoggerMessage(1201, LogLevel.Warning, "The broken upload of {Key} could not be taken back now")]
    private partial void LogLeft(string key, Exception exception);
}
