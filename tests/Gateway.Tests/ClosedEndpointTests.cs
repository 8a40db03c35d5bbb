using System.Net;
using System.Net.Http.Headers;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Gateway.Tests;

/// <summary>An endpoint that somebody added and forgot to declare, in hosts of each kind.</summary>
public sealed class ClosedEndpointTests
{
    private const string Forgotten = "/forgotten";

    [Fact]
    public async Task In_the_gateway_it_is_for_callers_only()
    {
        var key = ApiKeyText.Create().Reveal();
        await using var gateway = await GatewayHost.StartAsync(
            app => app.MapGet(Forgotten, () => "secret"), [GatewayHost.DeadAddress()], [GatewayHost.DeadAddress()], ("Identity:AllowLocal", "false"), ("Identity:BootstrapKey", key));
        using var named = new HttpRequestMessage(HttpMethod.Get, Forgotten) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

        using var refused = await gateway.Client.GetAsync(Forgotten);
        using var answered = await gateway.Client.SendAsync(named);

        await ProblemAssert.IsAsync(refused, 401, ErrorCodes.Unauthenticated);
        Assert.Equal("Bearer realm=\"deepfake\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
    }

    [Fact]
    public async Task In_a_service_it_is_for_callers_of_the_gateway_only()
    {
        await using var app = Build(builder => builder.AddTrustedCallers().Services.AddProblems());
        app.UseProblems();
        app.UseTrustedCallers();
        app.MapGet(Forgotten, () => "secret");
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var named = new HttpRequestMessage(HttpMethod.Get, Forgotten) { Headers = { { CallerToken.Header, new CallerToken(GatewayHost.Secret, TimeProvider.System).Write(Caller.Local) } } };
        using var forged = new HttpRequestMessage(HttpMethod.Get, Forgotten) { Headers = { { CallerToken.Header, new CallerToken(GatewayHost.Secret + "x", TimeProvider.System).Write(Caller.Local) } } };

        await ProblemAssert.IsAsync(await client.GetAsync(Forgotten), 401, ErrorCodes.Unauthenticated);
        await ProblemAssert.IsAsync(await client.SendAsync(forged), 401, ErrorCodes.Unauthenticated);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(named)).StatusCode);
    }

    [Fact]
    public async Task In_a_worker_which_knows_no_callers_it_is_for_nobody()
    {
        await using var app = Build(_ => { });
        app.MapGet(Forgotten, () => "secret");
        app.MapDefaultEndpoints();
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        await ProblemAssert.IsAsync(await client.GetAsync(Forgotten), 401, ErrorCodes.Unauthenticated);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/alive")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/nothing")).StatusCode);
    }

    [Theory]
    [InlineData("POST", "/nothing", 405)]
    [InlineData("POST", "/", 405)]
    [InlineData("PUT", "/openapi.json", 405)]
    [InlineData("POST", "/v1/me", 401)]
    [InlineData("GET", "/v1", 401)]
    [InlineData("GET", "/V1/nothing", 401)]
    public async Task What_there_is_not_needs_no_key_outside_of_the_API(string method, string path, int status)
    {
        await using var gateway = await GatewayHost.StartAsync([GatewayHost.DeadAddress()], [GatewayHost.DeadAddress()], ("Identity:AllowLocal", "false"));

        using var response = await gateway.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        await ProblemAssert.IsAsync(response, status, status == 401 ? ErrorCodes.Unauthenticated : ErrorCodes.InvalidRequest);
    }

    private static WebApplication Build(Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = Path.GetTempPath() });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration["Identity:InternalSecret"] = GatewayHost.Secret;
        builder.AddServiceDefaults();
        configure(builder);
        return builder.Build();
    }
}
