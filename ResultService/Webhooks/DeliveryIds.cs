using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Deepfake.ResultService.Webhooks;

/// <summary>
/// Ids of endpoints and deliveries. That of a delivery follows from endpoint and event, so that planning it twice gives one; those of an
/// endpoint lie together in the store, the newest first.
/// </summary>
public static class DeliveryIds
{
    private const string EndpointPrefix = "we_";
    private const string Prefix = "whd_";
    private const long LastMillisecond = 0xFFFF_FFFF_FFFF;
    private const int MaxLength = 160;

    /// <summary>A new endpoint id: <c>we_</c> and 20 characters.</summary>
    public static string NewEndpoint() => EndpointPrefix + RandomNumberGenerator.GetString("0123456789abcdefghjkmnpqrstvwxyz", 20);

    /// <summary>Id of the delivery of an event to an endpoint.</summary>
    /// <param name="endpointId">The endpoint.</param>
    /// <param name="at">When the event was; always the same for the same event.</param>
    /// <param name="messageId">Its <c>webhook-id</c>.</param>
    public static string Of(string endpointId, DateTimeOffset at, string messageId) => string.Create(
        CultureInfo.InvariantCulture, $"{Start(endpointId)}{LastMillisecond - at.ToUnixTimeMilliseconds():x12}_{messageId}");

    /// <summary>What the ids of all deliveries of an endpoint begin with.</summary>
    public static string Start(string endpointId) => $"{Prefix}{(endpointId.StartsWith(EndpointPrefix, StringComparison.Ordinal) ? endpointId[EndpointPrefix.Length..] : endpointId)}_";

    /// <summary>Whether an id can be one of an endpoint.</summary>
    public static bool IsEndpoint([NotNullWhen(true)] string? id) => id == WebhookEndpoint.DefaultId || IsName(id, EndpointPrefix);

    /// <summary>Whether an id can be one of a delivery.</summary>
    public static bool IsDelivery([NotNullWhen(true)] string? id) => IsName(id, Prefix);

    private static bool IsName(string? id, string prefix) =>
        id is not null && id.Length <= MaxLength && id.Length > prefix.Length && id.StartsWith(prefix, StringComparison.Ordinal)
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
