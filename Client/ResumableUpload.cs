using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Deepfake.Client;

/// <summary>Sends a file in pieces by the tus protocol, 1.0.0. After every break it asks how much has come, and goes on from there.</summary>
internal sealed class ResumableUpload(ApiConnection connection, string path, string fileName, SubmitOptions options, IProgress<TransferProgress>? progress)
{
    private const string AnalysisHeader = "Analysis-Location";
    private const int BreaksWithoutProgress = 8;

    /// <summary>Whether the service takes uploads in pieces.</summary>
    public static async Task<bool> IsOfferedAsync(ApiConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await connection.SendAsync(() => Request(HttpMethod.Options, "/v1/uploads"), repeatable: true, cancellationToken);
            return response.Headers.Contains("Tus-Version");
        }
        catch (DeepfakeApiException e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
        {
            return false;
        }
    }

    /// <summary>Sends the file and has it analysed.</summary>
    /// <returns>Address of the analysis.</returns>
    public async Task<string> SendAsync(CancellationToken cancellationToken)
    {
        var length = new FileInfo(path).Length;
        var location = await CreateAsync(length, cancellationToken);
        var (offset, breaks) = (0L, 0);
        var isKnown = true;
        while (true)
        {
            try
            {
                using var response = isKnown && offset < length ? await AppendAsync(location, offset, length, cancellationToken) : await FindAsync(location, cancellationToken);
                var stored = Number(response, "Upload-Offset");
                if (isKnown || stored > offset) breaks = 0;
                (offset, isKnown) = (stored, true);
                progress?.Report(new TransferProgress(offset, length));
                if (response.Headers.TryGetValues(AnalysisHeader, out var analysis)) return analysis.First();
                if (offset >= length) throw new DeepfakeApiException(response.StatusCode, DeepfakeApiException.Unreachable, "The service took the upload but did not say which analysis it became.");
            }
            catch (DeepfakeApiException e) when (CanGoOn(e) && ++breaks <= BreaksWithoutProgress)
            {
                await Task.Delay(e.RetryAfter ?? TimeSpan.FromMilliseconds(Math.Min(5000, 200 << breaks)), cancellationToken);
                isKnown = false;
            }
        }
    }

    private async Task<string> CreateAsync(long length, CancellationToken cancellationToken)
    {
        var metadata = string.Join(',', options.Fields().Prepend(("filename", fileName)).Append(("analyze", "true"))
            .Select(field => $"{field.Item1} {Convert.ToBase64String(Encoding.UTF8.GetBytes(field.Item2))}"));
        // An upload that was created and not heard of expires; making another one does no harm.
        using var response = await connection.SendAsync(() =>
        {
            var request = Request(HttpMethod.Post, "/v1/uploads");
            request.Headers.Add("Upload-Length", length.ToString(CultureInfo.InvariantCulture));
            request.Headers.Add("Upload-Metadata", metadata);
            return request;
        }, repeatable: true, cancellationToken);
        return response.Headers.Location?.OriginalString ?? throw new DeepfakeApiException(response.StatusCode, DeepfakeApiException.Unreachable, "The service did not say where the upload goes.");
    }

    private Task<HttpResponseMessage> AppendAsync(string location, long offset, long length, CancellationToken cancellationToken) => connection.SendAsync(() =>
    {
        var file = File.OpenRead(path);
        file.Position = offset;
        var request = Request(HttpMethod.Patch, location);
        request.Headers.Add("Upload-Offset", offset.ToString(CultureInfo.InvariantCulture));
        request.Content = new CountingContent(file, Math.Min(connection.Options.PieceSize, length - offset), offset, length, progress);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/offset+octet-stream");
        return request;
    }, repeatable: false, cancellationToken);

    private Task<HttpResponseMessage> FindAsync(string location, CancellationToken cancellationToken) =>
        connection.SendAsync(() => Request(HttpMethod.Head, location), repeatable: false, cancellationToken);

    // 409: the offset was wrong, because an answer was lost.
    private bool CanGoOn(DeepfakeApiException e) =>
        e.Status is null or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
        && !(e.RetryAfter > connection.Options.LongestWait);

    private static HttpRequestMessage Request(HttpMethod method, string address)
    {
        var request = new HttpRequestMessage(method, new Uri(address, UriKind.RelativeOrAbsolute));
        request.Headers.Add("Tus-Resumable", "1.0.0");
        return request;
    }

    private static long Number(HttpResponseMessage response, string header) =>
        response.Headers.TryGetValues(header, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new DeepfakeApiException(response.StatusCode, DeepfakeApiException.Unreachable, $"The service did not send {header}.");
}
