using System.Net.Http.Headers;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Standalone.Analyze;

/// <summary>
/// <c>analyze [--json] FILE…</c>: starts the whole embedded service on a free loopback port with a folder of its own, submits every file
/// as any client would, prints what comes back, and removes the folder.
/// </summary>
internal static class AnalyzeCommand
{
    private const int AtOnce = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var json = arguments.Contains("--json");
        var files = arguments.Where(argument => argument != "--json").ToArray();
        if (files.Length == 0 || Array.Exists(files, file => file.StartsWith("--", StringComparison.Ordinal)))
        {
            await Console.Error.WriteLineAsync("usage: analyze [--json] FILE…");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        var data = Directory.CreateTempSubdirectory("deepfake-").FullName;
        try
        {
            await using var app = StandaloneHost.Build(["--urls=http://127.0.0.1:0", $"--DATA_PATH={data}", "--Identity:AllowLocal=true"], Quieten);
            await app.StartAsync(stop.Token);
            using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Timeout.InfiniteTimeSpan };
            using var slots = new SemaphoreSlim(AtOnce);
            var running = files.Select(file => AnalyzeAsync(client, file, slots, stop.Token)).ToList();
            var failures = 0;
            foreach (var analysis in running)
            {
                // In the order of the command line, each as soon as it and those before it are known.
                var outcome = await analysis;
                if (!outcome.Succeeded) failures++;
                Console.WriteLine(json ? outcome.Json : outcome.Text);
            }

            await app.StopAsync(CancellationToken.None);
            return failures == 0 ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<Outcome> AnalyzeAsync(HttpClient client, string file, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            await using var content = File.OpenRead(file);
            using var form = new MultipartFormDataContent();
            var part = new StreamContent(content);
            part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(part, "file", Path.GetFileName(file));
            using var response = await client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), form, cancellationToken);
            if (!response.IsSuccessStatusCode) return Outcome.Rejected(file, await ReadErrorAsync(response, cancellationToken));

            return Outcome.Finished(file, await WaitAsync(client, response.Headers.Location!, cancellationToken));
        }
        catch (IOException e)
        {
            return Outcome.Rejected(file, new AnalysisError("unreadable_file", e.Message));
        }
        catch (UnauthorizedAccessException e)
        {
            return Outcome.Rejected(file, new AnalysisError("unreadable_file", e.Message));
        }
        finally
        {
            slots.Release();
        }
    }

    private static async Task<Analysis> WaitAsync(HttpClient client, Uri location, CancellationToken cancellationToken)
    {
        // The event stream ends with the terminal event, so reading it to its end is waiting without polling.
        using (var events = await client.GetAsync(new Uri(location + "/events", UriKind.RelativeOrAbsolute), HttpCompletionOption.ResponseHeadersRead, cancellationToken))
        {
            events.EnsureSuccessStatusCode();
            await using var stream = await events.Content.ReadAsStreamAsync(cancellationToken);
            await stream.CopyToAsync(Stream.Null, cancellationToken);
        }

        return await client.GetFromJsonAsync<Analysis>(location, DeepfakeJson.Options, cancellationToken)
            ?? throw new InvalidDataException("The service answered without a record.");
    }

    private static async Task<AnalysisError> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return new AnalysisError(
            problem.TryGetProperty("code", out var code) ? code.GetString()! : ErrorCodes.Internal,
            problem.TryGetProperty("detail", out var detail) ? detail.GetString()! : response.ReasonPhrase ?? "");
    }

    // Standard output belongs to the verdicts; trouble goes to standard error.
    private static void Quieten(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole().SetMinimumLevel(LogLevel.Error);
        // Bad input is no trouble of ours: its verdict line says what is wrong with it.
        builder.Logging.AddFilter("MassTransit", LogLevel.Critical);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
