using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Deepfake.Infrastructure;
using Deepfake.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Deepfake.Gateway.Tests;

/// <summary>
/// The gateway as its Program composes it, on a free port; over the embedded stores in a folder of its own, where no servers are named.
/// Requests from the test's machine need no key, where a test does not say otherwise.
/// </summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private readonly DirectoryInfo _folder;

    private GatewayHost(WebApplication app, DirectoryInfo folder)
    {
        (_app, _folder) = (app, folder);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Client { get; }

    /// <summary>What gateway and services share.</summary>
    public const string Secret = "a secret of the tests with its 32 characters";

    public IServiceProvider Services => _app.Services;

    public static Task<GatewayHost> StartAsync(Backend ingest, Backend results, params (string Key, string Value)[] settings) =>
        StartAsync([ingest.Address], [results.Address], settings);

    public static Task<GatewayHost> StartAsync(string[] ingest, string[] results, params (string Key, string Value)[] settings) => StartAsync(_ => { }, ingest, results, settings);

    /// <param name="map">Maps more than the gateway does.</param>
    /// <param name="ingest">Addresses of the IngestService.</param>
    /// <param name="results">Addresses of the ResultService.</param>
    /// <param name="settings">Configuration.</param>
    public static async Task<GatewayHost> StartAsync(Action<WebApplication> map, string[] ingest, string[] results, params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = Path.GetTempPath() });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration["Identity:InternalSecret"] = Secret;
        builder.Configuration["Identity:AllowLocal"] = "true";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Configuration.AddInMemoryCollection(ingest.Select((address, i) => KeyValuePair.Create($"services:ingest-service:http:{i}", (string?)address)));
        builder.Configuration.AddInMemoryCollection(results.Select((address, i) => KeyValuePair.Create($"services:result-service:http:{i}", (string?)address)));
        var folder = Directory.CreateTempSubdirectory("gateway-");
        builder.AddServiceDefaults();
        if (builder.Configuration.GetConnectionString("history") is null) builder.AddEmbeddedInfrastructure(folder.FullName);
        else builder.AddGatewayInfrastructure();
        builder.AddGateway();
        var app = builder.Build();
        app.UseGateway();
        app.MapGateway();
        app.MapDefaultEndpoints();
        map(app);
        await app.StartAsync();
        return new GatewayHost(app, folder);
    }

    /// <summary>An address at which nobody listens.</summary>
    public static string DeadAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"http://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}";
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

internal static class ProblemAssert
{
    /// <summary>The answer is problem+json with this status and code.</summary>
    public static async Task<JsonElement> IsAsync(HttpResponseMessage response, int status, string code)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal($"urn:deepfake:problem:{code}", problem.GetProperty("type").GetString());
        if (problem.TryGetProperty("trace_id", out var trace)) Assert.Matches("^[0-9a-f]{32}$", trace.GetString()); // the test's backends do not trace
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        return problem;
    }
}
