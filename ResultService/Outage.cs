using System.Data.Common;
using Amazon.Runtime;
using StackExchange.Redis;

namespace Deepfake.ResultService;

/// <summary>Tells a store that is away from a defect of ours.</summary>
internal static class Outage
{
    /// <summary>Whether trying again later may help. A Redis that loads, was demoted or is full answers, but with an error.</summary>
    public static bool Is(Exception exception) =>
        exception is not BadHttpRequestException
        && exception is IOException or TimeoutException or DbException or HttpRequestException or RedisException or AmazonClientException or AmazonServiceException;
}
