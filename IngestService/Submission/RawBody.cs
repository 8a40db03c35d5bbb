using Microsoft.Net.Http.Headers;

namespace Deepfake.IngestService.Submission;

/// <summary>Reads a body that is the file itself, whatever content type it claims. The name comes in a header, the fields in the query.</summary>
internal static class RawBody
{
    public static async Task<SubmissionFields> ReadAsync(HttpRequest request, Func<Stream, Task> store)
    {
        var fields = SubmissionFields.FromQuery(request.Query) with { FileName = FileNames.Clean(Name(request.Headers)) };
        await store(request.Body);
        return fields;
    }

    private static string? Name(IHeaderDictionary headers)
    {
        // Percent-encoded where it is not ASCII, as headers want it.
        if (headers["X-Filename"].ToString() is { Length: > 0 } name) return Uri.UnescapeDataString(name);
        if (!ContentDispositionHeaderValue.TryParse(headers.ContentDisposition.ToString(), out var disposition)) return null;
        return disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.UnescapeAsQuotedString(disposition.FileName).Value;
    }
}
