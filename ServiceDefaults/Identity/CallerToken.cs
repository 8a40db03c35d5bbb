using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>
/// How the gateway tells services who the caller is: the caller as JSON and the HMAC-SHA256 over it, each in base64url, with a dot between.
/// </summary>
/// <param name="secret"><c>Identity:InternalSecret</c>, which gateway and services share.</param>
/// <param name="time">Clock of the expiry.</param>
public sealed class CallerToken(string secret, TimeProvider time)
{
    /// <summary>The header. From the outside it is never let in.</summary>
    public const string Header = "X-Deepfake-Caller";

    // From the gateway's decision to the service's: far more than a hop takes, and room for clocks that differ.
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);
    private static readonly byte[] Purpose = "deepfake.caller.1\n"u8.ToArray();
    private readonly byte[] _secret = Encoding.UTF8.GetBytes(secret);

    /// <summary>The header's value for a caller.</summary>
    public string Write(Caller caller)
    {
        var claims = new Claims(
            caller.Tenant, caller.KeyId, [.. caller.Scopes.Order(StringComparer.Ordinal)], (time.GetUtcNow() + Life).ToUnixTimeSeconds(), caller.KeyConcurrency, caller.TenantConcurrency);
        var json = JsonSerializer.SerializeToUtf8Bytes(claims);
        return $"{Base64Url.EncodeToString(json)}.{Base64Url.EncodeToString(Sign(json))}";
    }

    /// <summary>Reads a header's value; null if it is not ours, or no longer.</summary>
    public Caller? Read(string value)
    {
        var dot = value.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !Base64Url.IsValid(value.AsSpan(0, dot)) || !Base64Url.IsValid(value.AsSpan(dot + 1))) return null;
        var json = Base64Url.DecodeFromChars(value.AsSpan(0, dot));
        if (!CryptographicOperations.FixedTimeEquals(Sign(json), Base64Url.DecodeFromChars(value.AsSpan(dot + 1)))) return null;
        if (JsonSerializer.Deserialize<Claims>(json) is not { } claims || claims.Expires < time.GetUtcNow().ToUnixTimeSeconds()) return null;
        return new Caller(claims.Tenant, claims.KeyId, claims.Scopes.ToHashSet()) { KeyConcurrency = claims.KeyConcurrency, TenantConcurrency = claims.TenantConcurrency };
    }

    private byte[] Sign(byte[] json) => HMACSHA256.HashData(_secret, (byte[])[.. Purpose, .. json]);

    private sealed record Claims(string Tenant, string? KeyId, string[] Scopes, long Expires, int? KeyConcurrency, int? TenantConcurrency);
}
