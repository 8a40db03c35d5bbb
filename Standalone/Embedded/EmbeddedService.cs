using System.Net.Http.Headers;
using System.Text.Json;
using Deepfake.Contracts;

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
    }

    /// <summary>Starts it; only errors are logged, to standard error.</summary>
    public static async Task<EmbeddedService> StartAsync(CancellationToken cancellationToken)
    {
        var data = Directory.CreateTempSubdirectory("deepfake-").FullName;
        WebApplication? app = null;
        try
        {
            app = StandaloneHost.Build(["--urls=http://127.0.0.1:0", $"--DATA_PATH={data}", "--Identity:AllowLocal=true"], Quieten);
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
    /// <returns>The record, or why there is none.</returns>
    public async Task<(Analysis? Analysis, AnalysisError? Error)> AnalyzeAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = File.OpenRead(file);
            using var form = new MultipartFormDataContent();
            var part = new StreamContent(content);
            part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(part, "file", Path.GetFileName(file));
            using var response = await _client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), form, cancellationToken);
            return response.IsSuccessStatusCode
                ? (await WaitAsync(response.Headers.Location!, cancellationToken), null)
                : (null, await ReadErrorAsync(response, cancellationToken));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new AnalysisError("unreadable_file", e.Message));
        }
    }

    /// <summary>Reads a document.</summary>
    public Task<string> ReadAsync(string path, CancellationToken cancellationToken) => _client.GetStringAsync(new Uri(path, UriKind.Relative), cancellationToken);

    /// <summary>Removes a finished analysis with all that was stored of it, so that a long run does not fill the disk.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _client.DeleteAsync(new Uri("/v1/analyses/" + id, UriKind.Relative), cancellationToken);
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
