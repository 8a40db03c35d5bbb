using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Idempotency;

/// <summary>Tells one request from another: SHA-256 over everything that a client says in it.</summary>
internal static class Fingerprint
{
    // Defaults are left out, so that an option that is new tomorrow changes nothing for those who do not use it.
    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault };

    /// <summary>Of a submission.</summary>
    /// <param name="content">What stands for the file: its hash, or the address it is fetched from.</param>
    /// <param name="fields">Options.</param>
    /// <param name="reuse">Whether a finished result would do.</param>
    public static string Of(string content, SubmissionFields fields, bool reuse) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { content, fields, reuse }, Json)));
}
