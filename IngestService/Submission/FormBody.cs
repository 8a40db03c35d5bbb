using System.Text;
using Deepfake.Contracts;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Deepfake.IngestService.Submission;

/// <summary>Reads a multipart/form-data body (RFC 7578) part by part as it arrives; the file part goes straight on to the store.</summary>
internal static class FormBody
{
    private const int MaxParts = 16;
    private const int MaxFieldBytes = 64 * 1024;
    private const int MaxBoundary = 70; // RFC 2046, section 5.1.1
    private const int BufferBytes = 64 * 1024; // the default of 4 KB makes 16 times as many reads

    /// <summary>Whether the body claims to be a form.</summary>
    public static bool IsForm(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the form. <paramref name="store"/> is called at most once, with the body of the part named <c>file</c>.</summary>
    /// <exception cref="SubmissionRejectedException">Malformed, without a file, or with two.</exception>
    public static async Task<SubmissionFields> ReadAsync(HttpRequest request, Func<Stream, Task> store, CancellationToken cancellationToken)
    {
        var reader = new MultipartReader(Boundary(request), request.Body, BufferBytes) { HeadersCountLimit = 16, HeadersLengthLimit = 8 * 1024 };
        var fields = SubmissionFields.FromQuery(request.Query);
        var stored = false;
        var parts = 0;
        while (await NextAsync(reader, cancellationToken) is { } part)
        {
            if (++parts > MaxParts) throw Invalid($"The form has more than {MaxParts} parts.");
            var disposition = Disposition(part);
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "";
            if (name == "file")
            {
                if (stored) throw Invalid("The form has more than one part named 'file'; submit one file at a time.");
                await ReadingAsync(() => store(part.Body));
                fields = fields with { FileName = FileNames.Clean(Name(disposition)) ?? fields.FileName };
                stored = true;
            }
            else
            {
                fields = fields.With(name, await FieldAsync(part, name, cancellationToken));
            }
        }

        if (!stored) throw new SubmissionRejectedException(ErrorCodes.MissingFile, "The form has no part named 'file'.");
        return fields;
    }

    private static string Boundary(HttpRequest request)
    {
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.ContentType).Boundary).Value;
        return boundary is { Length: > 0 and <= MaxBoundary } ? boundary : throw Invalid("The content type names no boundary of 1 to 70 characters.");
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, CancellationToken cancellationToken)
    {
        MultipartSection? part = null;
        await ReadingAsync(async () => part = await reader.ReadNextSectionAsync(cancellationToken));
        return part;
    }

    private static ContentDispositionHeaderValue Disposition(MultipartSection part) =>
        ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) && disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase)
            ? disposition
            : throw Invalid("A part of the form has no form-data disposition.");

    private static string? Name(ContentDispositionHeaderValue disposition) =>
        disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.UnescapeAsQuotedString(disposition.FileName).Value;

    private static async Task<string> FieldAsync(MultipartSection part, string name, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxFieldBytes + 1];
        var read = 0;
        await ReadingAsync(async () => read = await part.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken));
        if (read > MaxFieldBytes) throw Invalid($"The form field '{FileNames.Clean(name)}' is longer than 64 KB; the file goes into the part named 'file'.");
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    /// <summary>The reader tells of a broken form by general exceptions; the server's own (too slow, aborted) pass through.</summary>
    private static async Task ReadingAsync(Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (Exception e) when (e is InvalidDataException || e.GetType() == typeof(IOException))
        {
            throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "The multipart body is malformed or ends too early.", e);
        }
    }

    private static SubmissionRejectedException Invalid(string detail) => new(ErrorCodes.InvalidRequest, detail);
}
