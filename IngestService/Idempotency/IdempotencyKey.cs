using System.Security.Cryptography;
using System.Text;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Idempotency;

/// <summary>The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header).</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Longest key, in characters.</summary>
    public const int MaxLength = 255;

    /// <summary>
    /// The key; null without one. The draft wants a string of structured fields (<c>"8e03978e-…"</c>); a bare one means the same, as many
    /// clients send it so.
    /// </summary>
    /// <exception cref="SubmissionRejectedException">Not a key, or several.</exception>
    public static string? Read(IHeaderDictionary headers)
    {
        var values = headers[Header];
        if (values.Count == 0) return null;
        var key = values.Count == 1 ? Unquote(values[0]!.Trim()) : null;
        return key is { Length: > 0 and <= MaxLength } && key.All(c => c is >= ' ' and <= '~')
            ? key
            : throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, $"{Header} is one string of 1 to {MaxLength} visible ASCII characters.");
    }

    /// <summary>Id of the document that holds the claim: keys are free text of any length, ids are not.</summary>
    /// <param name="operation">What the key was sent to: the same key at another address is another key.</param>
    /// <param name="key">The key.</param>
    public static string DocumentId(string operation, string key) =>
        $"{operation}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";

    /// <summary>A string of RFC 8941, section 3.3.3, without its quotes and escapes; null where it is malformed.</summary>
    private static string? Unquote(string value)
    {
        if (!value.StartsWith('"')) return value;
        var text = new StringBuilder(value.Length);
        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == '"') return i == value.Length - 1 ? text.ToString() : null;
            if (value[i] == '\\' && (++i == value.Length || value[i] is not ('"' or '\\'))) return null;
            text.Append(value[i]);
        }

        return null;
    }
}
