using System.Net;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("POST", "/v1/analyses", "ingest")]
    [InlineData("POST", "/v1/analyses?lane=batch", "ingest")]
    [InlineData("POST", "/v1/uploads", "ingest")]
    [InlineData("PATCH", "/v1/uploads/up_1", "ingest")]
    [InlineData("POST", "/v1/batches", "ingest")]
    [InlineData("GET", "/v1/batches/ba_1", "ingest")]
    [InlineData("POST", "/api/analyze", "ingest")]
    [InlineData("POST", "/predict", "ingest")]
    [InlineData("POST", "/predict/batch", "ingest")]
    [InlineData("POST", "/predict/image", "ingest")]
    [InlineData("POST", "/predict/video", "ingest")]
    [InlineData("POST", "/upload", "ingest")]
    [InlineData("GET", "/api/models/info", "ingest")]
    [InlineData("GET", "/api/stats", "ingest")]
    [InlineData("GET", "/model-info", "ingest")]
    [InlineData("GET", "/info", "ingest")]
    [InlineData("GET", "/v1/analyses", "results")]
    [InlineData("GET", "/v1/analyses/an_1", "results")]
    [InlineData("GET", "/v1/analyses/an_1/events", "results")]
    [InlineData("DELETE", "/v1/analyses/an_1", "results")]
    [InlineData("POST", "/v1/analyses/an_1/cancel", "results")]
    public async Task Requests_go_to_the_service_that_owns_them(string method, string path, string service)
    {
        await using var ingest = await Backend.StartAsync(context => context.Response.WriteAsync("ingest"));
        await using var results = await Backend.StartAsync(context => context.Response.WriteAsync("results"));
        await using var gateway = await GatewayHost.StartAsync(ingest, results);

        using var response = await gateway.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(service, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_problem_of_a_service_passes_unchanged()
    {
        await using var ingest = await Backend.StartAsync(context => Problem.Answer(ErrorCodes.BacklogFull, "Later.", retryAfter: TimeSpan.FromSeconds(7)).ExecuteAsync(context));
        await using var results = await Backend.StartAsync(context => Problem.Answer(ErrorCodes.NotFound, "No such analysis.").ExecuteAsync(context));
        await using var gateway = await GatewayHost.StartAsync(ingest, results);

        using var full = await gateway.Client.PostAsync("/v1/analyses", new StringContent("x"));
        using var missing = await gateway.Client.GetAsync("/v1/analyses/an_0");

        var problem = await ProblemAssert.IsAsync(full, 503, ErrorCodes.BacklogFull);
        Assert.Equal("Later.", problem.GetProperty("detail").GetString());
        Assert.Equal(TimeSpan.FromSeconds(7), full.Headers.RetryAfter?.Delta);
        await ProblemAssert.IsAsync(missing, 404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_service_that_is_down_is_unavailable_and_says_when_to_return()
    {
        await using var gateway = await GatewayHost.StartAsync([GatewayHost.DeadAddress()], [GatewayHost.DeadAddress()]);

        using var read = await gateway.Client.GetAsync("/v1/analyses/an_1");
        using var submit = await gateway.Client.PostAsync("/v1/analyses", new StringContent("x"));

        await ProblemAssert.IsAsync(read, 503, ErrorCodes.Unavailable);
        await ProblemAssert.IsAsync(submit, 503, ErrorCodes.Unavailable);
        Assert.NotNull(submit.Headers.RetryAfter?.Delta);
        Assert.Equal("nosniff", submit.Headers.GetValues("X-Content-Type-Options").Single());
    }

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_bare_gateway_error_of_a_service_is_explained(int status)
    {
        await using var backend = await Backend.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        await using var gateway = await GatewayHost.StartAsync(backend, backend);

        using var response = await gateway.Client.GetAsync("/v1/analyses/an_1");

        await ProblemAssert.IsAsync(response, status == 504 ? 504 : 503, ErrorCodes.Unavailable);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_given_up()
    {
        await using var backend = await Backend.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var gateway = await GatewayHost.StartAsync(backend, backend, ("Gateway:RequestTimeout", "00:00:00.500"));

        using var response = await gateway.Client.GetAsync("/v1/analyses/an_1");

        await ProblemAssert.IsAsync(response, 504, ErrorCodes.Unavailable);
    }

    [Theory]
    [InlineData("/predict")]
    [InlineData("/predict/batch")]
    [InlineData("/upload")]
    public async Task A_service_that_waits_for_a_result_is_waited_for(string path)
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await Task.Delay(TimeSpan.FromSeconds(1.5), context.RequestAborted); // three times what other requests get
            await context.Response.WriteAsync("done");
        });
        await using var gateway = await GatewayHost.StartAsync(backend, backend, ("Gateway:RequestTimeout", "00:00:00.500"));

        using var response = await gateway.Client.PostAsync(path, new StringContent("x"));

        Assert.Equal("done", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Reads_do_not_notice_a_dead_replica()
    {
        await using var alive = await Backend.StartAsync(context => context.Response.WriteAsync("here"));
        await using var gateway = await GatewayHost.StartAsync([alive.Address], [GatewayHost.DeadAddress(), alive.Address]);

        for (var i = 0; i < 20; i++) Assert.Equal("here", await gateway.Client.GetStringAsync("/v1/analyses/an_1"));
    }

    [Fact]
    public async Task Replicas_share_the_work()
    {
        var counts = new int[2];
        await using var first = await Backend.StartAsync(_ => Count(counts, 0));
        await using var second = await Backend.StartAsync(_ => Count(counts, 1));
        await using var gateway = await GatewayHost.StartAsync([first.Address, second.Address], [first.Address]);

        for (var i = 0; i < 60; i++) (await gateway.Client.PostAsync("/v1/analyses", new StringContent("x"))).EnsureSuccessStatusCode();

        Assert.All(counts, count => Assert.InRange(count, 5, 55));
    }

    [Fact]
    public async Task A_missing_address_is_named_at_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => GatewayHost.StartAsync([], ["http://127.0.0.1:9"]));

        Assert.Contains("services__ingest-service__http__0", error.ToString(), StringComparison.Ordinal);
    }

    private static Task Count(int[] counts, int index)
    {
        Interlocked.Increment(ref counts[index]);
        return Task.CompletedTask;
    }
}
