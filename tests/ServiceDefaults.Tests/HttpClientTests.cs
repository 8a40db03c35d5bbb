using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http.Resilience;

namespace Deepfake.ServiceDefaults.Tests;

public sealed class HttpClientTests
{
    [Theory]
    [InlineData("GET", 2, HttpStatusCode.OK)]
    [InlineData("POST", 1, HttpStatusCode.ServiceUnavailable)]
    [InlineData("PUT", 1, HttpStatusCode.ServiceUnavailable)]
    [InlineData("DELETE", 1, HttpStatusCode.ServiceUnavailable)]
    public async Task Only_what_changes_nothing_is_sent_again(string method, int times, HttpStatusCode status)
    {
        var asked = 0;
        await using var host = await TracedHost.StartAsync(
            app => app.MapMethods("/flaky", [method], () => Results.StatusCode(Interlocked.Increment(ref asked) == 1 ? 503 : 200)),
            builder =>
            {
                builder.Services.AddHttpClient("any");
                builder.Services.ConfigureAll<HttpStandardResilienceOptions>(options => options.Retry.Delay = TimeSpan.FromMilliseconds(10));
            });
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("any");
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Address, "/flaky"));

        using var answer = await client.SendAsync(request);

        Assert.Equal((times, status), (asked, answer.StatusCode));
    }

    [Fact]
    public async Task A_service_is_found_by_its_name()
    {
        await using var server = await TracedHost.StartAsync(app => app.MapGet("/who", () => "it is me"));
        await using var host = await TracedHost.StartAsync(
            configure: builder => builder.Services.AddHttpClient("any"), settings: ("services:some-service:http:0", server.Address.ToString()));
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("any");
        Assert.Equal("it is me", await client.GetStringAsync(new Uri("http://some-service/who")));
    }
}
