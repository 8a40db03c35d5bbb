using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// An API key as its owner holds it: <c>dfk_ID_SECRETCHECK</c>. ID (12) and SECRET (32, some 190 bits) are random letters and digits;
/// CHECK is the CRC-32 of all before it as 6 base-62 digits, so that clients and secret scanners tell a mistyped key, or a string that
/// only looks like one, without asking anybody.
/// </summary>
/// <param name="Id">Public id of the key.</param>
/// <param name="Secret">What proves the possession of it.</param>
public sealed record ApiKeyText(string Id, string Secret)
{
    private const string Prefix = "dfk_";
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 12;
    private const int SecretLength = 32;
    private const int CheckLength = 6;
    private const int SecretAt = 4 + IdLength + 1;

    /// <summary>Draws a new key.</summary>
    public static ApiKeyText Create() => new(Draw(IdLength), Draw(SecretLength));

    /// <summary>Draws a new secret for a key that there is.</summary>
    public static ApiKeyText Renew(string id) => new(id, Draw(SecretLength));

    /// <summary>Reads a key; its checksum has to fit.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ApiKeyText? key)
    {
        key = null;
        if (text?.Length != SecretAt + SecretLength + CheckLength || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[SecretAt - 1] != '_') return false;
        var (id, secret) = (text[Prefix.Length..(SecretAt - 1)], text[SecretAt..^CheckLength]);
        if (!id.All(char.IsAsciiLetterOrDigit) || !secret.All(char.IsAsciiLetterOrDigit) || text[^CheckLength..] != Check(text[..^CheckLength])) return false;
        key = new ApiKeyText(id, secret);
        return true;
    }

    /// <summary>Whether a text could be the id of a key.</summary>
    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiLetterOrDigit);

    /// <summary>SHA-256 of the secret, which is random enough to need no slower hash.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Secret));

    /// <summary>The key as its owner holds it. Never for a log.</summary>
    public string Reveal()
    {
        var body = $"{Prefix}{Id}_{Secret}";
        return body + Check(body);
    }

    /// <summary>Without the secret.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";

    private static string Draw(int length) => RandomNumberGenerator.GetString(Digits, length);

    private static string Check(string body)
    {
        return string.Create(CheckLength, Crc32.HashToUInt32(Encoding.ASCII.GetBytes(body)), (digits, rest) =>
        {
            for (var i = digits.Length - 1; i >= 0; i--, rest /= (uint)Digits.Length) digits[i] = Digits[(int)(rest % (uint)Digits.Length)];
        });
    }
}
