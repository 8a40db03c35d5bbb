using System.Net.Http.Json;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.AppHost.Tests;

public sealed class RunTests
{
    private static readonly string[] Services = ["gateway", "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service"];

    [Fact]
    public async Task The_whole_system_gets_healthy_gives_a_verdict_in_one_trace_and_leaves_nothing_behind_but_what_a_second_start_finds()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(12));
        await using var servers = new LastingServers();
        var first = await FirstStartAsync(servers, patience.Token);
        await servers.RemoveContainersAsync();

        await using var system = await RunningSystem.StartAsync(servers, Services, patience.Token);
        using var client = system.App.CreateHttpClient("gateway");
        var kept = await client.GetFromJsonAsync<JsonElement>(new Uri($"/v1/analyses/{first}", UriKind.Relative), patience.Token);
        Assert.Equal("completed", kept.GetProperty("status").GetString());
        Assert.Equal("completed", (await AnalyseAsync(client, patience.Token)).GetProperty("status").GetString());
    }

    /// <returns>The id of an analysis that is over.</returns>
    private static async Task<string> FirstStartAsync(LastingServers servers, CancellationToken cancellationToken)
    {
        await using var system = await RunningSystem.StartAsync(servers, Services, cancellationToken);
        Assert.NotEmpty(system.LivingProcesses());

        using var client = system.App.CreateHttpClient("gateway");
        foreach (var link in Links(system, "gateway")) Assert.True((await client.GetAsync(link, cancellationToken)).IsSuccessStatusCode, link.ToString());

        var analysis = await AnalyseAsync(client, cancellationToken);
        Assert.Equal("completed", analysis.GetProperty("status").GetString());
        Assert.NotEqual(JsonValueKind.Null, analysis.GetProperty("verdict").ValueKind);
        Assert.NotEmpty(analysis.GetProperty("faces").EnumerateArray());
        await OneTraceHoldsAllServicesAsync(system, analysis.GetProperty("id").GetString()!, cancellationToken);

        await system.StopAsync();
        while (system.LivingProcesses() is { Count: > 0 } living)
        {
            if (cancellationToken.IsCancellationRequested) Assert.Fail($"Still there:\n{string.Join('\n', living)}");
            await Task.Delay(100, CancellationToken.None);
        }

        return analysis.GetProperty("id").GetString()!;
    }

    private static List<Uri> Links(RunningSystem system, string service)
    {
        Assert.True(system.App.Services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(service, out var state));
        var links = state.Snapshot.Urls.ToDictionary(url => url.DisplayProperties.DisplayName, url => new Uri(url.Url));
        Assert.Equal(["API documents", "Page"], links.Keys.Order());
        Assert.Equal(("/", "/docs/index.html"), (links["Page"].AbsolutePath, links["API documents"].AbsolutePath));
        return [.. links.Values];
    }

    private static async Task<JsonElement> AnalyseAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(await File.ReadAllBytesAsync(Repository.Photo(1), cancellationToken)), "file", "photo.jpg" } };
        using var response = await client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), form, cancellationToken);
        Assert.True((int)response.StatusCode == 202, await response.Content.ReadAsStringAsync(cancellationToken));
        while (true)
        {
            var analysis = await client.GetFromJsonAsync<JsonElement>(response.Headers.Location, cancellationToken);
            if (analysis.TryGetProperty("completed_at", out var end) && end.ValueKind != JsonValueKind.Null) return analysis;
            await Task.Delay(200, cancellationToken);
        }
    }

    private static async Task OneTraceHoldsAllServicesAsync(RunningSystem system, string id, CancellationToken cancellationToken)
    {
        // Spans are sent some time after they end.
        while (!system.Traces.TracesOf(id).Keys.Any(trace => Services.All(system.Traces.SpansOf(trace).ContainsKey)))
        {
            if (cancellationToken.IsCancellationRequested)
                Assert.Fail(string.Join('\n', system.Traces.TracesOf(id).Keys.Select(trace => $"{trace}: {string.Join(", ", system.Traces.SpansOf(trace))}")));
            await Task.Delay(200, CancellationToken.None);
        }

        Assert.Single(system.Traces.TracesOf(id));
    }
}
