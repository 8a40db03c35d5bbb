using System.Buffers.Text;
using System.Security.Cryptography;

namespace Deepfake.Gateway.Identity;

/// <summary>What a browser's cookie holds: 32 random bytes. Only their hash is stored.</summary>
internal static class SessionToken
{
    private const int Bytes = 32;

    /// <summary>Draws a token.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Id of the session; null if this is no token.</summary>
    public static string? Id(string token) =>
        token.Length is > 40 and < 50 && Base64Url.IsValid(token, out var length) && length == Bytes
            ? Convert.ToHexStringLower(SHA256.HashData(Base64Url.DecodeFromChars(token)))
            : null;
}
