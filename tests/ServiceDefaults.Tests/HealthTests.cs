using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Deepfake.ServiceDefaults.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task A_process_without_its_servers_lives_but_cannot_work()
    {
        await using var host = await TracedHost.StartAsync(
            configure: builder => builder.Services.AddHealthChecks().AddCheck("cache", () => HealthCheckResult.Unhealthy("no answer")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, "/alive"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(host, "/health"));
    }

    [Fact]
    public async Task A_process_that_hangs_is_to_be_restarted()
    {
        await using var host = await TracedHost.StartAsync(configure: builder => builder.Services.AddHealthChecks()
            .AddCheck("inference", () => HealthCheckResult.Unhealthy("no run has ended"), tags: [ServiceDefaultsExtensions.LiveTag]));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(host, "/alive"));
    }

    [Fact]
    public async Task Models_that_run_on_less_than_was_asked_for_are_ready_and_say_so()
    {
        await using var host = await TracedHost.StartAsync(
            configure: builder => builder.Services.AddHealthChecks().AddCheck("models", () => HealthCheckResult.Degraded("2 models on cpu; no CUDA: no driver")));
        var health = await host.Client.GetFromJsonAsync<JsonElement>(new Uri("/health", UriKind.Relative));
        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.True(health.GetProperty("models").GetProperty("ready").GetBoolean());
        Assert.Contains("no CUDA", health.GetProperty("models").GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> StatusAsync(TracedHost host, string path)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }
}
