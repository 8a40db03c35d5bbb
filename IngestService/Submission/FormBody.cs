using Deepfake.Contracts;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Deepfake.IngestService.Submission;

/// <summary>Reads a multipart/form-data body (RFC 7578) part by part as it arrives; the file part goes straight on to the store.</summary>
internal static class FormBody
{
    private const int MaxParts = 16;
    private const int MaxBoundary = 70; // RFC 2046, section 5.1.1
    private const int BufferBytes = 64 * 1024; // the default of 4 KB makes 16 times as many reads

    /// <summary>Whether the body claims to be a form.</summary>
    public static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the form. <paramref name="store"/> is called at most once, with the body of the part named <c>file</c>.</summary>
    /// <exception cref="SubmissionRejectedException">Malformed, without a file, or with two.</exception>
    public static async Task<SubmissionFields> ReadAsync(HttpRequest request, Func<Stream, Task> store, CancellationToken cancellationToken, bool anyName = false)
    {
        var fields = SubmissionFields.FromQuery(request.Query);
        var stored = false;
        await ReadPartsAsync(
            request, MaxParts,
            async part =>
            {
                if (part.Name == "file" || (anyName && part.FileName is not null))
                {
                    if (stored) throw Invalid("The form has more than one part named 'file'; submit one file at a time.");
                    await part.ReadAsync(store);
                    fields = fields with { FileName = FileNames.Clean(part.FileName) ?? fields.FileName };
                    stored = true;
                }
                else
                {
                    fields = fields.With(part.Name, await part.ReadTextAsync(cancellationToken));
                }
            },
            cancellationToken);
        if (!stored) throw new SubmissionRejectedException(ErrorCodes.MissingFile, "The form has no part named 'file'.");
        return fields;
    }

    /// <summary>Reads any form, part by part as it arrives; what a reader leaves of a part is skipped.</summary>
    /// <exception cref="SubmissionRejectedException">Malformed, or with too many parts.</exception>
    public static async Task ReadPartsAsync(HttpRequest request, int maxParts, Func<FormPart, Task> read, CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(Boundary(request), request.Body, BufferBytes) { HeadersCountLimit = 16, HeadersLengthLimit = 8 * 1024 };
        var parts = 0;
        while (await NextAsync(reader, cancellationToken) is { } part)
        {
            if (++parts > maxParts) throw Invalid($"The form has more than {maxParts} parts.");
            var disposition = Disposition(part);
            await read(new FormPart(HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "", Name(disposition), part.Body));
        }
    }

    private static string Boundary(HttpRequest request)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundary } ? boundary : throw Invalid("The content type names no boundary of 1 to 70 characters.");
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        MultipartSection? part = null;
        await FormPart.ReadingAsync(async () => part = await reader.ReadNextSectionAsync(cancellationToken));
        return part;
    }

    private static ContentDispositionHeaderValue Disposition(MultipartSection part) =>
        ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) && disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            ? disposition
            : throw Invalid("A part of the form has no form-data disposition.");

    private static string? Name(ContentDispositionHeaderValue disposition) =>
        disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.UnescapeAsQuotedString(disposition.FileName).Value;

    private static SubmissionRejectedException Invalid(string detail) => new(ErrorCodes.InvalidRequest, detail);
}
