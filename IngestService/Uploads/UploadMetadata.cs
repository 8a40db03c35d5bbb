using System.Text;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Uploads;

/// <summary>The header <c>Upload-Metadata</c> (tus, extension "creation"): pairs of a name and a base64 text, separated by commas.</summary>
internal static class UploadMetadata
{
    private const int MaxLength = 8 * 1024;

    /// <summary>
    /// What the pairs say about the submission: <c>filename</c> (or <c>name</c>), <c>analyze</c>, and the options of a submission by their
    /// names. Others are kept and mean nothing.
    /// </summary>
    /// <exception cref="SubmissionRejectedException">Malformed, or a value that is not allowed.</exception>
    public static (SubmissionFields Fields, bool Analyze) Read(string header)
    {
        if (header.Length > MaxLength) throw Invalid();
        var (fields, analyze) = (new SubmissionFields(), false);
        foreach (var (name, value) in Pairs(header))
        {
            if (name is "filename" or "name") fields = fields with { FileName = FileNames.Clean(value) ?? fields.FileName };
            else if (name == "analyze") analyze = value is "true" or "false" ? value == "true" : throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "analyze is 'true' or 'false'.");
            else fields = fields.With(name, value);
        }

        return (fields, analyze);
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string header)
    {
        foreach (var pair in header.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = pair.Split(' ');
            if (parts.Length > 2) throw Invalid();
            yield return (parts[0], parts.Length == 2 ? Decode(parts[1]) : "");
        }
    }

    private static string Decode(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var written) ? Encoding.UTF8.GetString(bytes, 0, written) : throw Invalid();
    }

    private static SubmissionRejectedException Invalid() =>
        new(ErrorCodes.InvalidRequest, "Upload-Metadata is a list of names with base64 values, separated by commas, at most 8 KB.");
}
