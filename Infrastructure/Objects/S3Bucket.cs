using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Deepfake.Infrastructure.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Objects;

/// <summary>Creates the bucket on first need, with a rule that removes uploads a killed process left unfinished.</summary>
internal sealed partial class S3Bucket : IDisposable
{
    private readonly AmazonS3Client _client;
    private readonly ILogger _logger;
    private readonly Readiness _readiness;

    public S3Bucket(AmazonS3Client client, string name, TimeProvider time, ILogger logger)
    {
        (_client, Name, _logger) = (client, name, logger);
        _readiness = new Readiness("object store", CreateAsync, time, logger);
    }

    public string Name { get; }

    public Task EnsureAsync(CancellationToken cancellationToken) => _readiness.EnsureAsync(cancellationToken);

    public Task PersistAsync(CancellationToken cancellationToken) => _readiness.PersistAsync(cancellationToken);

    /// <summary>One cheap request.</summary>
    public Task ProbeAsync(CancellationToken cancellationToken) =>
        _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Name, MaxKeys = 1 }, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _readiness.Dispose();

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _client.PutBucketAsync(new PutBucketRequest { BucketName = Name }, cancellationToken);
        }
        catch (AmazonS3Exception e) when (e.ErrorCode is "BucketAlreadyOwnedByYou" or "BucketAlreadyExists" or "OperationAborted" || e.StatusCode == HttpStatusCode.Forbidden)
        {
            // Somebody made it before us, or the keys may only use it: then it has to answer.
            await ProbeAsync(cancellationToken);
        }

        try
        {
            await _client.PutLifecycleConfigurationAsync(new PutLifecycleConfigurationRequest
            {
                BucketName = Name,
                Configuration = new LifecycleConfiguration
                {
                    Rules =
                    [
                        new LifecycleRule
                        {
                            Id = "deepfake-unfinished-uploads",
                            Status = LifecycleRuleStatus.Enabled,
                            Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "" } },
                            AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = 1 },
                        },
                    ],
                },
            }, cancellationToken);
        }
        catch (AmazonServiceException e)
        {
            LogNoRule(Name, e.Message); // an operator may rule otherwise, or the server knows no rules
        }
    }

    [LoggerMessage(1202, LogLevel.Information, "Bucket {Bucket} takes no lifecycle rule: {Reason}")]
    private partial void LogNoRule(string bucket, string reason);
}
