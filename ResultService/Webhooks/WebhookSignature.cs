using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using StandardWebhooks;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Signatures and secrets of Standard Webhooks 1.0; the signatures are the library's.</summary>
public static class WebhookSignature
{
    private const string Prefix = "whsec_";

    /// <summary>Value of <c>webhook-signature</c>: one signature a key, separated by spaces, which the library leaves to its callers.</summary>
    /// <param name="keys">Bytes of the secrets that are valid now.</param>
    /// <param name="id">Value of <c>webhook-id</c>.</param>
    /// <param name="timestamp">Value of <c>webhook-timestamp</c>, to whole seconds.</param>
    /// <param name="body">The body as sent, JSON in UTF-8.</param>
    public static string Sign(IEnumerable<byte[]> keys, string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body);
        return string.Join(' ', keys.Select(key => new StandardWebhook(key).Sign(id, timestamp, text)));
    }

    /// <summary>A new secret of 32 random bytes, as users keep it.</summary>
    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>Reads a secret as users keep it.</summary>
    public static bool TryReadSecret(string secret, [NotNullWhen(true)] out byte[]? key)
    {
        key = null;
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        var bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret[Prefix.Length..], bytes, out var written) || written is < 24 or > 64) return false;
        key = bytes[..written];
        return true;
    }
}
