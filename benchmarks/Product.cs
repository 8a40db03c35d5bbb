using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Deepfake.Contracts;

namespace Deepfake.Benchmarks;

/// <summary>How one analysis went, as its client saw it.</summary>
/// <param name="AcceptedSeconds">From the first byte sent to the answer that it is accepted: the upload.</param>
/// <param name="Seconds">From the first byte sent to the last event of its stream.</param>
/// <param name="CpuSeconds">Processor seconds of the product meanwhile, its children's too.</param>
/// <param name="Record">The public record.</param>
internal sealed record Outcome(double AcceptedSeconds, double Seconds, double CpuSeconds, Analysis Record);

/// <summary>The product with everything in one process, started as it is shipped, used over HTTP.</summary>
internal sealed class Product : IAsyncDisposable
{
    private const string Ready = "Deepfake.Aspire is ready on ";
    private readonly Process _process;
    private readonly HttpClient _client;
    private readonly string _data;

    private Product(Process process, string address, string data)
    {
        _process = process;
        _data = data;
        _client = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(10) };
    }

    /// <summary>Number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Starts it with an empty folder for its data.</summary>
    /// <param name="settings">Settings that differ from the defaults, <c>--Name=value</c>.</param>
    public static async Task<Product> StartAsync(params string[] settings)
    {
        var data = Directory.CreateTempSubdirectory("deepfake-bench-").FullName;
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "Deepfake.Standalone.dll"), "--urls=http://127.0.0.1:0", $"--DATA_PATH={data}", "--DEVICE=cpu", .. settings];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var address = new TaskCompletionSource<string>();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(Ready, StringComparison.Ordinal) == true) address.TrySetResult(line.Data[Ready.Length..]);
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text) Console.Error.WriteLine(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new Product(process, await address.Task.WaitAsync(TimeSpan.FromMinutes(2)), data);
    }

    /// <summary>Submits a file, follows its events to the end, and fetches the record.</summary>
    public async Task<Outcome> AnalyseAsync(string path)
    {
        var cpu = ProcessMeter.CpuSeconds(Id);
        var began = Stopwatch.GetTimestamp();
        var id = await SubmitAsync(path);
        var accepted = Stopwatch.GetElapsedTime(began);
        await FollowAsync(id);
        var over = Stopwatch.GetElapsedTime(began);
        var record = await _client.GetFromJsonAsync<Analysis>($"/v1/analyses/{id}", DeepfakeJson.Options);
        // What is still to be tidied up belongs to the analysis.
        await Task.Delay(TimeSpan.FromMilliseconds(250));
        return new Outcome(accepted.TotalSeconds, over.TotalSeconds, ProcessMeter.CpuSeconds(Id) - cpu, record!);
    }

    /// <summary>The same for a medium that has to succeed.</summary>
    public async Task<Outcome> CompleteAsync(string path)
    {
        var outcome = await AnalyseAsync(path);
        return outcome.Record.Status == AnalysisStatus.Completed
            ? outcome
            : throw new InvalidOperationException($"{Path.GetFileName(path)} was not analysed: {outcome.Record.Error?.Code}.");
    }

    /// <summary>Sends a file.</summary>
    /// <returns>Id of its analysis.</returns>
    public async Task<string> SubmitAsync(string path)
    {
        await using var file = File.OpenRead(path);
        using var body = new StreamContent(file, 64 * 1024);
        using var answer = await _client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), body);
        if (answer.StatusCode != HttpStatusCode.Accepted) throw new InvalidOperationException($"Not accepted: {await answer.Content.ReadAsStringAsync()}");
        return (await answer.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options))!.Id;
    }

    /// <summary>Reads the events of an analysis until the stream ends.</summary>
    public async Task FollowAsync(string id)
    {
        using var stream = new StreamReader(await _client.GetStreamAsync(new Uri($"/v1/analyses/{id}/events", UriKind.Relative)));
        while (await stream.ReadLineAsync() is not null)
        {
            // The stream ends behind the last event.
        }
    }

    /// <summary>Ends it and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_data, recursive: true);
    }
}
