using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Deepfake.Contracts;
using Deepfake.TestServers;

namespace Deepfake.Benchmarks.Load;

/// <summary>A host of the product as a process of its own, and a client of it.</summary>
internal sealed class ProductHost : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly HttpClient _client;

    private ProductHost(ServerProcess process, Uri address, string? key)
    {
        (_process, Address) = (process, address);
        // As many connections as there are requests under way: the load does not queue up in its client.
        _client = new HttpClient(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(5) }) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Processor seconds so far.</summary>
    public double CpuSeconds => ProcessMeter.CpuSeconds(_process.Id);

    /// <summary>Starts an assembly that lies beside this program, and waits until it is healthy.</summary>
    public static async Task<ProductHost> StartAsync(string assembly, IReadOnlyDictionary<string, string>? environment, string? key, params string[] arguments)
    {
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}");
        var process = ServerProcess.Start(["dotnet", Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments, $"--urls={address}"], AppContext.BaseDirectory, environment);
        var host = new ProductHost(process, address, key);
        await process.WaitUntilReadyAsync(
            assembly, async stop => (await host._client.GetAsync(new Uri("/health", UriKind.Relative), stop)).IsSuccessStatusCode, TimeSpan.FromMinutes(2));
        return host;
    }

    /// <summary>Submits a picture.</summary>
    /// <param name="picture">The file.</param>
    /// <param name="accepted">Told the id when it was accepted.</param>
    /// <returns>The status; 500 also for a 503 that does not say when to come again.</returns>
    public async Task<int> SubmitAsync(byte[] picture, Action<string>? accepted = null)
    {
        using var body = new ByteArrayContent(picture);
        using var answer = await _client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), body);
        if (answer.StatusCode == HttpStatusCode.Accepted && accepted is not null)
            accepted((await answer.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options))!.Id);
        return answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter?.Delta is null ? 500 : (int)answer.StatusCode;
    }

    /// <summary>The record of an analysis; null if there is none.</summary>
    public async Task<Analysis?> FindAsync(string id)
    {
        using var answer = await _client.GetAsync(new Uri($"/v1/analyses/{id}?wait=50", UriKind.Relative));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options) : null;
    }

    /// <summary>Ends it as it ends in production: SIGTERM, and time to finish.</summary>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.StopAsync(TimeSpan.FromSeconds(30));
        _process.Dispose();
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();
}
