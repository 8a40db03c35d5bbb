using System.Net;

namespace Deepfake.Client;

/// <summary>The service refused a request (problem+json), or could not be reached.</summary>
public sealed class DeepfakeApiException : Exception
{
    /// <summary>Code of a service that cannot be reached, or that answered something that is not of this API.</summary>
    public const string Unreachable = "unreachable";

    internal DeepfakeApiException(HttpStatusCode? status, string code, string detail, string? traceId = null, TimeSpan? retryAfter = null, Exception? inner = null)
        : base(detail, inner) => (Status, Code, TraceId, RetryAfter) = (status, code, traceId, retryAfter);

    /// <summary>HTTP status; null where there was no answer.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>Stable code, one of <see cref="Contracts.ErrorCodes"/>, or <see cref="Unreachable"/>.</summary>
    public string Code { get; }

    /// <summary>Leads to the request in the service's traces.</summary>
    public string? TraceId { get; }

    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter { get; }
}
