using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>Checks notices by Standard Webhooks 1.0, and reads them.</summary>
public sealed class WebhookVerifier
{
    private const string Prefix = "whsec_";
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);
    private readonly byte[] _key;
    private readonly TimeProvider _time;

    /// <summary>Takes the secret of an endpoint.</summary>
    /// <param name="secret"><c>whsec_</c> and base64.</param>
    /// <param name="time">Clock; null for the machine's.</param>
    /// <exception cref="FormatException">Not a secret.</exception>
    public WebhookVerifier(string secret, TimeProvider? time = null)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) throw new FormatException($"A secret begins with {Prefix}.");
        _key = Convert.FromBase64String(secret[Prefix.Length..]);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Checks a notice.</summary>
    /// <param name="id">Header <c>webhook-id</c>: the same when a notice comes again.</param>
    /// <param name="timestamp">Header <c>webhook-timestamp</c>.</param>
    /// <param name="signature">Header <c>webhook-signature</c>.</param>
    /// <param name="body">The body as it came.</param>
    /// <exception cref="WebhookVerificationException">It is not from the holder of the secret, was changed, or is older than five minutes.</exception>
    public WebhookNotice Verify(string? id, string? timestamp, string? signature, ReadOnlySpan<byte> body)
    {
        if (string.IsNullOrEmpty(id) || string.IsNullOrEmpty(timestamp) || string.IsNullOrEmpty(signature)) throw new WebhookVerificationException("A header is missing.");
        // As the difference of numbers: what is no time at all must not become one.
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || Math.Abs(_time.GetUtcNow().ToUnixTimeSeconds() - (decimal)seconds) > (decimal)Tolerance.TotalSeconds)
            throw new WebhookVerificationException("The timestamp is more than five minutes off.");
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        hmac.AppendData(body);
        var ours = Encoding.ASCII.GetBytes("v1," + Convert.ToBase64String(hmac.GetHashAndReset()));
        if (!signature.Split(' ').Any(theirs => CryptographicOperations.FixedTimeEquals(ours, Encoding.UTF8.GetBytes(theirs))))
            throw new WebhookVerificationException("No signature fits.");
        try
        {
            var notice = JsonSerializer.Deserialize<Body>(body, ClientJson.Options) ?? throw new JsonException("The body is empty.");
            var isAnalysis = notice.Type.StartsWith("analysis.", StringComparison.Ordinal);
            return new WebhookNotice(id, notice.Type, notice.Timestamp, isAnalysis ? notice.Data.Deserialize<Analysis>(ClientJson.Options) : null);
        }
        catch (JsonException e)
        {
            throw new WebhookVerificationException("The body is not one of a notice.", e);
        }
    }

    private sealed record Body
    {
        public required string Type { get; init; }

        public DateTimeOffset? Timestamp { get; init; }

        public JsonElement Data { get; init; }
    }
}

/// <summary>A notice that was checked.</summary>
/// <param name="Id">The same when it comes again.</param>
/// <param name="Type"><c>analysis.completed</c>, <c>analysis.failed</c>, <c>analysis.cancelled</c>, <c>webhook.test</c>.</param>
/// <param name="Timestamp">When it happened (UTC).</param>
/// <param name="Analysis">The record; null for a test.</param>
public sealed record WebhookNotice(string Id, string Type, DateTimeOffset? Timestamp, Analysis? Analysis);

/// <summary>A notice that is not to be believed.</summary>
public sealed class WebhookVerificationException(string message, Exception? inner = null) : Exception(message, inner);
