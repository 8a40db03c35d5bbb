using System.Net.Http.Headers;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Merging;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.Standalone.Embedded;

/// <summary>The whole service in this process, on a free loopback port with a folder of its own that goes when it does: for commands.</summary>
internal sealed class EmbeddedService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _data;
    private readonly HttpClient _client;

    private EmbeddedService(WebApplication app, string data)
    {
        (_app, _data) = (app, data);
        _client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Timeout.InfiniteTimeSpan };
        // A file that is refused for its length is refused before it is sent: an answer in the middle of a body can be lost with the connection.
        _client.DefaultRequestHeaders.ExpectContinue = true;
    }

    /// <summary>Version of the fitted fusion; null without one.</summary>
    public string? FusionVersion => _app.Services.GetRequiredService<FusionSource>().Current?.Version;

    /// <summary>Starts it; only errors are logged, to standard error.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="settings">More settings, as <c>--Name=value</c>.</param>
    public static async Task<EmbeddedService> StartAsync(CancellationToken cancellationToken, params string[] settings)
    {
        var data = Directory.CreateTempSubdirectory("deepfake-").FullName;
        WebApplication? app = null;
        try
        {
            app = StandaloneHost.Build(["--urls=http://127.0.0.1:0", $"--DATA_PATH={data}", "--Identity:AllowLocal=true", .. settings], Quieten);
            await app.StartAsync(cancellationToken);
            return new EmbeddedService(app, data);
        }
        catch
        {
            if (app is not null) await app.DisposeAsync();
            Directory.Delete(data, recursive: true);
            throw;
        }
    }

    /// <summary>Submits a file as any client would and waits for its end.</summary>
    /// <returns>The record, or why there is none: nothing that is wrong with one file, or with the way there, is thrown.</returns>
    public async Task<(Analysis? Analysis, AnalysisError? Error)> AnalyzeAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = File.OpenRead(file);
            using var form = new MultipartFormDataContent();
            var part = new StreamContent(content);
            part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            // Percent-encoded, since a name may hold quotes and line feeds.
            part.Headers.ContentDisposition = new ContentDispositionHeaderValue("form-data") { Name = "file", FileNameStar = Path.GetFileName(file) };
            form.Add(part);
            using var response = await _client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), form, cancellationToken);
            return response.IsSuccessStatusCode
                ? (await WaitAsync(response.Headers.Location!, cancellationToken), null)
                : (null, await ReadErrorAsync(response, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, new AnalysisError("unreadable_file", e.Message));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, new AnalysisError("no_answer", e.InnerException is { } cause ? $"{e.Message} {cause.Message}" : e.Message));
        }
    }

    /// <summary>What was found in the medium, as stored beside it; null where nothing was.</summary>
    public async Task<FaceIndex?> FindFacesAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await _app.Services.GetRequiredService<IObjectStore>().OpenAsync(ObjectKeys.Index(Caller.DefaultTenant, id), cancellationToken);
            return await JsonSerializer.DeserializeAsync<FaceIndex>(stream, DeepfakeJson.Options, cancellationToken);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a document.</summary>
    public Task<string> ReadAsync(string path, CancellationToken cancellationToken) => _client.GetStringAsync(new Uri(path, UriKind.Relative), cancellationToken);

    /// <summary>Removes a finished analysis with all that was stored of it, so that a long run does not fill the disk.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _client.DeleteAsync(new Uri("/v1/analyses/" + id, UriKind.Relative), cancellationToken);
        }
        catch (HttpRequestException)
        {
            // It goes with the folder, at the end.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private async Task<Analysis> WaitAsync(Uri location, CancellationToken cancellationToken)
    {
        // The event stream ends with the terminal event, so reading it to its end is waiting without polling.
        using (var events = await _client.GetAsync(new Uri(location + "/events", UriKind.RelativeOrAbsolute), HttpCompletionOption.ResponseHeadersRead, cancellationToken))
        {
            events.EnsureSuccessStatusCode();
            await using var stream = await events.Content.ReadAsStreamAsync(cancellationToken);
            await stream.CopyToAsync(Stream.Null, cancellationToken);
        }

        return await _client.GetFromJsonAsync<Analysis>(location, DeepfakeJson.Options, cancellationToken)
            ?? throw new InvalidDataException("The service answered without a record.");
    }

    private static async Task<AnalysisError> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new AnalysisError(
            problem.TryGetProperty("code", out var code) ? code.GetString()! : ErrorCodes.Internal,
            problem.TryGetProperty("detail", out var detail) ? detail.GetString()! : response.ReasonPhrase ?? "");
    }

    // Standard output belongs to the command; trouble goes to standard error.
    private static void Quieten(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        // Bad input is no trouble of ours: its verdict line says what is wrong with it.
        builder.Logging.AddFilter("MassTransit", LogLevel.Critical);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
