using System.Text;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Submission;

/// <summary>One part of a form, while it arrives.</summary>
/// <param name="Name">Of the field.</param>
/// <param name="FileName">As the client gave it; null for none.</param>
/// <param name="Body">Bytes; to be read through the methods, which tell a broken form from other failures.</param>
internal sealed record FormPart(string Name, string? FileName, Stream Body)
{
    private const int MaxTextBytes = 64 * 1024;

    /// <summary>Hands the bytes on.</summary>
    public Task ReadAsync(Func<Stream, Task> read) => ReadingAsync(() => read(Body));

    /// <summary>The bytes as a text of at most 64 KB.</summary>
    /// <exception cref="SubmissionRejectedException">It is longer.</exception>
    public async Task<string> ReadTextAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxTextBytes + 1];
        var read = 0;
        await ReadingAsync(async () => read = await Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken));
        if (read > MaxTextBytes) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, $"The form field '{FileNames.Clean(Name)}' is longer than 64 KB; the file goes into the part named 'file'.");
        return Encoding.UTF8.GetString(buffer, 0, read);
    }

    /// <summary>The reader tells of a broken form by general exceptions; the server's own (too slow, aborted) pass through.</summary>
    internal static async Task ReadingAsync(Func<Task> read)
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

}
