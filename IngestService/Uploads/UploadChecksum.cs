using System.Security.Cryptography;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Uploads;

/// <summary>What a client says the next piece hashes to (tus, extension "checksum").</summary>
/// <param name="Algorithm">One of <see cref="Algorithms"/>.</param>
/// <param name="Expected">Hash.</param>
internal sealed record UploadChecksum(HashAlgorithmName Algorithm, byte[] Expected)
{
    /// <summary>Value of <c>Tus-Checksum-Algorithm</c>.</summary>
    public const string Algorithms = "sha1,sha256";

    /// <summary>Reads <c>Upload-Checksum</c>: a name, a space, the hash in base64.</summary>
    /// <exception cref="SubmissionRejectedException">Malformed, or another algorithm.</exception>
    public static UploadChecksum? Read(string header)
    {
        if (header.Length == 0) return null;
        var space = header.IndexOf(' ', StringComparison.Ordinal);
        var (algorithm, length) = (space < 0 ? "" : header[..space]) switch
        {
            "sha1" => (HashAlgorithmName.SHA1, SHA1.HashSizeInBytes),
            "sha256" => (HashAlgorithmName.SHA256, SHA256.HashSizeInBytes),
            _ => throw Invalid(),
        };
        var hash = new byte[length];
        return Convert.TryFromBase64String(header[(space + 1)..], hash, out var written) && written == length ? new UploadChecksum(algorithm, hash) : throw Invalid();
    }

    private static SubmissionRejectedException Invalid() => new(ErrorCodes.InvalidRequest, $"Upload-Checksum is one of {Algorithms}, a space, and the hash in base64.");
}
