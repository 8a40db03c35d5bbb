using System.Diagnostics;
using System.Net;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Deepfake.ServiceDefaults.Tests;

public sealed class TracingTests
{
    private const string Id = "an_01kbw0000000000000000000ab";

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    public async Task A_probe_makes_no_trace_nor_does_what_its_checks_ask(string path)
    {
        await using var host = await TracedHost.StartAsync(app => app.MapGet("/server", () => "is there"), builder =>
        {
            builder.Services.AddHttpClient("server");
            builder.Services.AddHealthChecks().AddCheck<AskingCheck>("asking", tags: [ServiceDefaultsExtensions.LiveTag]);
        });
        AskingCheck.Address = new Uri(host.Address, "/server?by=check");

        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(AskingCheck.Asked > 0);
        Assert.DoesNotContain(await AfterAllAsync(host), span => span.Kind == ActivityKind.Client || span.OperationName == "checking" || Path(span) == path);
    }

    [Fact]
    public async Task A_call_without_a_cause_begins_no_trace()
    {
        await using var host = await TracedHost.StartAsync(app => app.MapGet("/server", () => "is there"), builder => builder.Services.AddHttpClient("poll"));
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("poll");
        Assert.Null(Activity.Current);

        await client.GetStringAsync(new Uri(host.Address, "/server?by=poll"));

        Assert.DoesNotContain(await AfterAllAsync(host), span => span.Kind == ActivityKind.Client);
    }

    [Fact]
    public async Task A_stage_begins_a_trace_and_its_calls_belong_to_it()
    {
        await using var host = await TracedHost.StartAsync(app => app.MapGet("/server", () => "is there"), builder => builder.Services.AddHttpClient("stage"));
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("stage");

        using (Telemetry.StartAnalysisActivity("work", Id)) await client.GetStringAsync(new Uri(host.Address, "/server"));

        var stage = await host.SpanAsync(span => span.OperationName == "work");
        var call = await host.SpanAsync(span => span.Kind == ActivityKind.Client);
        var served = await host.SpanAsync(span => span.Kind == ActivityKind.Server);
        Assert.Equal([stage.TraceId, stage.TraceId], [call.TraceId, served.TraceId]);
        Assert.Equal((stage.SpanId, call.SpanId), (call.ParentSpanId, served.ParentSpanId));
        Assert.Equal(Id, call.GetTagItem(TelemetryTags.AnalysisId));
    }

    [Fact]
    public async Task A_caller_who_does_not_trace_does_not_keep_us_from_it()
    {
        await using var host = await TracedHost.StartAsync(app => app.MapGet("/things/{id}", (string id) => id));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/things/1");
        request.Headers.Add("traceparent", "00-11111111111111111111111111111111-2222222222222222-00");
        using var answer = await host.Client.SendAsync(request);
        Assert.Equal("11111111111111111111111111111111", (await host.SpanAsync(span => span.Kind == ActivityKind.Server)).TraceId.ToHexString());
    }

    [Fact]
    public async Task A_request_is_named_by_its_method_and_route_and_names_its_analysis_to_all_it_causes()
    {
        await using var host = await TracedHost.StartAsync(
            app => app.MapGet("/v1/analyses/{id}/report", (ILogger<TracingTests> logger) =>
            {
                using var activity = Telemetry.Source.StartActivity("drawing");
                logger.LogWarning("Something happened");
                return "report";
            }));

        await host.Client.GetStringAsync(new Uri($"/v1/analyses/{Id}/report?theme=dark", UriKind.Relative));

        var request = await host.SpanAsync(span => span.Kind == ActivityKind.Server);
        Assert.Equal("GET /v1/analyses/{id}/report", request.DisplayName);
        Assert.Equal(Id, request.GetTagItem(TelemetryTags.AnalysisId));
        Assert.Equal(Id, (await host.SpanAsync(span => span.OperationName == "drawing")).GetTagItem(TelemetryTags.AnalysisId));
        Assert.Equal(Id, host.Lines.Single(line => line.Text == "Something happened").Scopes[TelemetryTags.AnalysisId]);
    }

    [Theory]
    [InlineData("Location", "/v1/analyses/" + Id, Id)]
    [InlineData("Content-Location", "/v1/analyses/" + Id, Id)]
    [InlineData("Analysis-Location", "/v1/analyses/" + Id, Id)]
    [InlineData("Location", "/v1/uploads/up_1", null)]
    public async Task A_request_that_made_an_analysis_names_it(string header, string address, string? id)
    {
        await using var host = await TracedHost.StartAsync(app => app.MapPost("/v1/analyses", (HttpContext context) =>
        {
            context.Response.Headers[header] = address;
            return Results.Accepted();
        }));
        using var answer = await host.Client.PostAsync(new Uri("/v1/analyses", UriKind.Relative), null);
        var request = await host.SpanAsync(span => span.Kind == ActivityKind.Server);
        Assert.Equal(("POST /v1/analyses", id), (request.DisplayName, request.GetTagItem(TelemetryTags.AnalysisId)));
    }

    [Theory]
    [InlineData("/v1/analyses/an_1/events", "an_1")]
    [InlineData("/v1/analyses/an_1", "an_1")]
    [InlineData("/v1/analyses/an_1?wait=5", "an_1")]
    [InlineData("/v1/analyses/", null)]
    [InlineData("/v1/analyses/statistics", null)]
    [InlineData("/v1/analyses/an_%0A", null)]
    [InlineData("/v1/analyses/an_" + "0123456789012345678901234567890123456789012345678901234567890123456789", null)]
    [InlineData("/v1/batches/an_1", null)]
    [InlineData(null, null)]
    public void An_address_names_an_analysis_or_none(string? address, string? id) => Assert.Equal(id, AnalysisRequests.Read(address));

    [Fact]
    public async Task A_request_that_is_passed_on_is_named_by_its_pattern()
    {
        await using var host = await TracedHost.StartAsync(app => app.MapGet("/v1/things/{id}", (string id) => id), builder => builder.Services.AddHttpClient("proxy"));
        using var client = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("proxy");
        using (Telemetry.Source.StartActivity("passing on"))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Address, "/v1/things/4711"));
            request.SetUrlTemplate("/v1/{**rest}");
            using var answer = await client.SendAsync(request);
        }

        var sent = await host.SpanAsync(span => span.Kind == ActivityKind.Client);
        Assert.Equal(("GET /v1/{**rest}", "/v1/{**rest}"), (sent.DisplayName, sent.GetTagItem("url.template")));
    }

    [Fact]
    public async Task What_is_linked_has_a_trace_of_its_own()
    {
        await using var host = await TracedHost.StartAsync();
        ActivityContext cause;
        using (var submitting = Telemetry.StartAnalysisActivity("submitting", Id))
        {
            cause = submitting!.Context;
            using var told = Telemetry.StartLinkedActivity("telling", Id, cause);
        }

        var span = await host.SpanAsync(span => span.OperationName == "telling");
        Assert.NotEqual(cause.TraceId, span.TraceId);
        Assert.Equal(cause.TraceId, Assert.Single(span.Links).Context.TraceId);
        Assert.Equal(Id, span.GetTagItem(TelemetryTags.AnalysisId));
    }

    [Fact]
    public async Task A_share_of_traces_can_be_asked_for()
    {
        await using var host = await TracedHost.StartAsync(settings: [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0")]);
        using (var none = Telemetry.Source.StartActivity("nobody sees it")) Assert.False(none!.Recorded);
    }

    [Fact]
    public async Task Nothing_is_recorded_where_nobody_takes_it()
    {
        await using var host = await TracedHost.StartAsync(settings: [("OTEL_EXPORTER_OTLP_ENDPOINT", null)]);
        Assert.Null(host.Services.GetService<TracerProvider>());
    }

    private static string? Path(Activity span) => span.GetTagItem("url.path") as string;

    /// <summary>All spans, once one that begins now has ended.</summary>
    private static async Task<IReadOnlyList<Activity>> AfterAllAsync(TracedHost host)
    {
        using (Telemetry.Source.StartActivity("the last")) await Task.Yield();
        await host.SpanAsync(span => span.OperationName == "the last");
        return host.Spans;
    }

    private sealed class AskingCheck(IHttpClientFactory clients) : IHealthCheck
    {
        public static Uri? Address { get; set; }

        public static int Asked { get; private set; }

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var activity = Telemetry.Source.StartActivity("checking");
            using var client = clients.CreateClient("server");
            await client.GetStringAsync(Address, cancellationToken);
            Asked++;
            return HealthCheckResult.Healthy();
        }
    }
}
