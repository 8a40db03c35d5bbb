using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Sweeping;
using Deepfake.ResultService.Tests.Hosting;
using Deepfake.ResultService.Webhooks;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class WebhookDeliveryTests
{
    [Fact]
    public async Task An_analysis_tells_every_endpoint_that_wants_to_know_and_the_address_it_named_itself()
    {
        await using var all = await Receiver.StartAsync(_ => 200);
        await using var failures = await Receiver.StartAsync(_ => 200);
        await using var named = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        await host.AddAsync(all.Url);
        await host.AddAsync(failures.Url, "analysis.failed");
        var submission = await Submission.CreateAsync(host, named.Url);
        await submission.PublishAllAsync(host);
        await Eventually.TrueAsync(() => all.Notices.Count + named.Notices.Count == 2, "both are told");
        var failed = await host.EndOneAsync();
        await Eventually.TrueAsync(() => all.Notices.Count + failures.Notices.Count == 3, "both are told of the failure");

        Assert.Single(named.Notices);
        Assert.Equal("msg_" + failed, Assert.Single(failures.Notices).Id);
        var notice = all.Notices.First();
        var body = JsonSerializer.Deserialize<JsonElement>(notice.Body);
        Assert.Equal(("msg_" + submission.Id, "analysis.completed"), (notice.Id, body.GetProperty("type").GetString()));
        Assert.Equal((submission.Id, "manipulated"), (body.GetProperty("data").GetProperty("id").GetString(), body.GetProperty("data").GetProperty("verdict").GetString()));
        Assert.Equal(body.GetProperty("data").GetProperty("completed_at").GetString(), body.GetProperty("timestamp").GetString());
        Assert.Equal("application/json", notice.Headers["content-type"]);
    }

    [Fact]
    public async Task The_secret_of_the_installation_signs_for_its_own_tenant_only()
    {
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        var registry = host.Get<EndpointRegistry>();

        foreach (var (tenant, signs) in new[] { (Caller.DefaultTenant, true), ("acme", false) })
            Assert.Equal(signs, await registry.FindAsync(tenant, WebhookEndpoint.DefaultId, CancellationToken.None) is { } endpoint && registry.Keys(endpoint).Count > 0);
        // Its first secret is its own alone.
        await registry.RotateAsync("acme", WebhookEndpoint.DefaultId, WebhookSignature.NewSecret(), CancellationToken.None);
        Assert.Single(registry.Keys((await registry.FindAsync("acme", WebhookEndpoint.DefaultId, CancellationToken.None))!));
    }

    [Fact]
    public async Task A_receiver_that_fails_nine_times_gets_the_notice_at_the_tenth_attempt_three_days_later()
    {
        await using var receiver = await Receiver.StartAsync(attempt => attempt <= 9 ? 500 : 204);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        var began = host.Clock.GetUtcNow();
        await host.EndOneAsync(receiver.Url);
        for (var attempt = 1; attempt <= 9; attempt++)
        {
            var delivery = await host.WaitAsync("default", delivery => delivery.Attempts.Count == attempt, $"attempt {attempt} is noted");
            Assert.Equal(DeliveryStatus.Pending, delivery.Status);
            host.Clock.Advance(delivery.NextAttemptAt!.Value - host.Clock.GetUtcNow());
        }

        var delivered = await host.WaitAsync("default", delivery => delivery.Status == DeliveryStatus.Delivered, "the tenth attempt succeeds");
        Assert.Equal([.. Enumerable.Repeat(500, 9), 204], delivered.Attempts.Select(attempt => attempt.StatusCode ?? 0));
        Assert.InRange(delivered.EndedAt!.Value - began, TimeSpan.FromHours(75), TimeSpan.FromHours(91));
        var notices = receiver.Notices.ToArray();
        Assert.Equal(10, notices.Length);
        Assert.Single(notices.Select(notice => (notice.Id, notice.Body)).Distinct());
        Assert.Equal(10, notices.Select(notice => notice.Timestamp).Distinct().Count());
        foreach (var notice in notices)
        {
            // Checked by the letter of the specification, apart from the code under test.
            var content = Encoding.UTF8.GetBytes($"{notice.Id}.{notice.Timestamp}.{notice.Body}");
            Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(WebhookHost.Secret["whsec_".Length..]), content)), notice.Signature);
        }
    }

    [Fact]
    public async Task However_often_an_end_is_announced_each_endpoint_gets_one_delivery()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        var analysis = await host.EndOneAsync();
        var state = (await host.Analyses.FindAsync(analysis, CancellationToken.None))!;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => host.Get<AnalysisFinisher>().AnnounceAsync(state.Record, host.Bus, CancellationToken.None))));
        await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        await host.Get<AnalysisFinisher>().AnnounceAsync(state.Record, host.Bus, CancellationToken.None);
        await host.WaitAsync(id, delivery => delivery.Attempts.Count == 1, "there is one delivery with one attempt");
        Assert.Single(receiver.Notices);
    }

    [Theory]
    [InlineData(nameof(Infrastructure.History.IHistoryStore.SaveAsync), false)]
    [InlineData(nameof(Infrastructure.History.IHistoryStore.SaveAsync), true)]
    [InlineData(nameof(Infrastructure.Objects.IObjectStore.DeletePrefixAsync), false)]
    [InlineData(nameof(IAnalysisStore.MarkAnnouncedAsync), false)]
    public async Task A_crash_between_result_and_announcement_neither_loses_nor_doubles_a_delivery(string method, bool afterwards)
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync(("Results:AnnounceAfter", "00:00:00"), ("Results:SweepInterval", "01:00:00"));
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        host.Cuts.Plan(method, afterwards);
        await host.EndOneAsync();
        Assert.True(host.Cuts.HasStruck);
        await host.SweepAsync<AnnouncementSweeper>();
        await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        Assert.Single(receiver.Notices);
    }

    [Fact]
    public async Task A_delivery_whose_sender_died_is_taken_up_when_its_lease_is_over()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        var held = host.Get<DeliveryCourier>().Hold(Planned(id, host.Clock.GetUtcNow(), "msg_test_1"));
        Assert.True(await host.Deliveries().TryAddAsync(held, CancellationToken.None));
        host.Get<DeliverySignal>().Raise();
        Assert.Equal("delivery_in_progress", await ReplayCodeAsync(host, held.Id));
        Assert.Empty(receiver.Notices);

        host.Clock.Advance(held.Due!.Value - host.Clock.GetUtcNow());
        await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        Assert.Single(receiver.Notices);
    }

    [Fact]
    public async Task Several_dispatchers_share_the_work_and_send_nothing_twice()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        var others = Enumerable.Range(0, 3).Select(_ => ActivatorUtilities.CreateInstance<DeliveryDispatcher>(host.Get<IServiceProvider>())).ToArray();
        try
        {
            foreach (var other in others) await other.StartAsync(CancellationToken.None);
            var now = host.Clock.GetUtcNow();
            var plans = Enumerable.Range(0, 200).Select(i => Planned(id, now, $"msg_test_{i:D3}")).ToArray();
            await Task.WhenAll(plans.Select(plan => host.Deliveries().TryAddAsync(plan, CancellationToken.None)));
            await Eventually.TrueAsync(async () => (await host.DeliveriesAsync(id)).Count(delivery => delivery.Status == DeliveryStatus.Delivered) == plans.Length, "all are delivered");
            Assert.Equal(plans.Select(plan => plan.Value.MessageId), receiver.Notices.Select(notice => notice.Id).Order());
        }
        finally
        {
            foreach (var other in others)
            {
                await other.StopAsync(CancellationToken.None);
                other.Dispose();
            }
        }
    }

    [Fact]
    public async Task A_receiver_that_hangs_holds_up_nobody_else()
    {
        var released = new TaskCompletionSource();
        var (together, most) = (0, 0);
        await using var slow = await Receiver.StartAsync(async (_, context) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref together));
            await released.Task;
            Interlocked.Decrement(ref together);
            context.Response.StatusCode = 200;
        });
        await using var quick = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Concurrency", "8"), ("Webhooks:ConcurrencyPerEndpoint", "2"));
        await host.AddAsync(slow.Url);
        for (var i = 0; i < 60; i++) await host.EndOneAsync();
        await host.AddAsync(quick.Url);
        for (var i = 0; i < 20; i++) await host.EndOneAsync();
        await Eventually.TrueAsync(() => quick.Notices.Count == 20, "the quick one has all of its notices");
        Assert.Equal(2, slow.Notices.Count);
        released.SetResult();
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task Requests_to_wait_are_honoured()
    {
        await using var receiver = await Receiver.StartAsync((_, context) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "7200";
            return Task.CompletedTask;
        });
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        await host.EndOneAsync(receiver.Url);
        var delivery = await host.WaitAsync("default", delivery => delivery.Attempts.Count == 1, "the first attempt is noted");
        Assert.InRange(delivery.NextAttemptAt!.Value - host.Clock.GetUtcNow(), TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(145));
    }

    [Fact]
    public async Task Gone_switches_the_endpoint_off_and_drops_what_is_due_for_it()
    {
        await using var receiver = await Receiver.StartAsync(attempt => attempt == 1 ? 500 : 410);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        await host.EndOneAsync();
        await host.WaitAsync(id, delivery => delivery.Attempts.Count == 1, "the first is to be tried again");
        await host.EndOneAsync();
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync(id)).Any(delivery => delivery.Reason == "gone"), "the second is given up");
        var endpoint = await host.ReadAsync($"/v1/webhooks/{id}");
        Assert.Equal((false, "gone"), (endpoint.GetProperty("enabled").GetBoolean(), endpoint.GetProperty("disabled_reason").GetString()));

        await host.EndOneAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync(id)).Any(delivery => delivery.Reason == "endpoint_disabled"), "the first is given up as well");
        Assert.Equal(2, (await host.DeliveriesAsync(id)).Length);
        Assert.Equal(2, receiver.Notices.Count);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_the_log_tells_what_was_answered()
    {
        await using var target = await Receiver.StartAsync(_ => 204);
        await using var receiver = await Receiver.StartAsync(async (_, context) =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = target.Url;
            await context.Response.WriteAsync("elsewhere\0" + new string('x', 5000));
        });
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        await host.EndOneAsync(receiver.Url);
        var attempt = (await host.WaitAsync("default", delivery => delivery.Attempts.Count == 1, "the attempt is noted")).Attempts[0];
        Assert.Equal((307, null), (attempt.StatusCode, attempt.Error));
        Assert.Equal("elsewhere\uFFFD" + new string('x', 1014), attempt.Response);
        Assert.Empty(target.Notices);
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_given_up_after_the_timeout()
    {
        var released = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync((_, _) => released.Task);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret), ("Webhooks:Timeout", "00:00:00.3"));
        await host.EndOneAsync(receiver.Url);
        var delivery = await host.WaitAsync("default", delivery => delivery.Attempts.Count == 1, "the attempt is noted");
        released.SetResult();
        Assert.Equal(("no answer within 0.3 s", DeliveryStatus.Pending), (delivery.Attempts[0].Error, delivery.Status));
    }

    [Fact]
    public async Task An_answer_that_never_ends_counts_by_its_status()
    {
        var released = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync(async (_, context) =>
        {
            await context.Response.WriteAsync("slowly");
            await context.Response.Body.FlushAsync();
            await released.Task;
        });
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret), ("Webhooks:Timeout", "00:00:00.5"));
        await host.EndOneAsync(receiver.Url);
        var delivery = await host.WaitAsync("default", delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        released.SetResult();
        Assert.Equal((200, "slowly"), (delivery.Attempts[0].StatusCode, delivery.Attempts[0].Response));
    }

    [Fact]
    public async Task What_leads_inside_is_never_connected_to()
    {
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret), ("Outbound:AllowedNetworks", ""));
        await host.EndOneAsync(receiver.Url);
        var literal = await host.WaitAsync("default", delivery => delivery.Status == DeliveryStatus.Failed, "it is given up");
        Assert.Equal(("address_refused", 0), (literal.Reason, literal.Attempts.Count));
        await host.EndOneAsync("https://localhost:1/hook");
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync("default")).Any(delivery => delivery.Attempts is [{ Error: "the address is not public" }]), "the name is refused");
        Assert.Empty(receiver.Notices);
    }

    [Fact]
    public async Task What_was_deleted_meanwhile_is_told_to_nobody()
    {
        await using var receiver = await Receiver.StartAsync(_ => 503);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        var analysis = await host.EndOneAsync(receiver.Url);
        await host.WaitAsync("default", delivery => delivery.Attempts.Count == 1, "the first attempt fails");
        using var deleted = await host.Client.DeleteAsync($"/v1/analyses/{analysis}");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.WaitAsync("default", delivery => delivery.Reason == "analysis_deleted", "it is given up");
        Assert.Single(receiver.Notices);
    }

    [Fact]
    public async Task The_log_forgets_what_has_been_over_for_long()
    {
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        await host.EndOneAsync(receiver.Url);
        await host.WaitAsync("default", delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        host.Clock.Advance(TimeSpan.FromDays(29));
        await host.EndOneAsync(receiver.Url);
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync("default")).Count(delivery => delivery.Status == DeliveryStatus.Delivered) == 2, "the second is delivered");
        host.Clock.Advance(TimeSpan.FromDays(1));
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync("default")).Length == 1, "the first is forgotten");
        Assert.Equal(2, receiver.Notices.Count);
    }

    [Fact]
    public async Task Without_a_secret_nothing_is_sent_and_the_record_says_so()
    {
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await WebhookHost.StartAsync();
        var submission = await Submission.CreateAsync(host, webhookUrl: receiver.Url);
        await submission.PublishAllAsync(host);
        Assert.Contains("webhook_not_configured", (await host.WaitForEndAsync(submission.Id)).Warnings);
        Assert.Empty(await host.DeliveriesAsync("default"));

        var secret = (await host.PostAsync("/v1/webhooks/default/rotate")).GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        submission = await Submission.CreateAsync(host, webhookUrl: receiver.Url);
        await submission.PublishAllAsync(host);
        Assert.DoesNotContain("webhook_not_configured", (await host.WaitForEndAsync(submission.Id)).Warnings);
        await Eventually.TrueAsync(() => receiver.Notices.Count == 1, "the notice comes");
    }

    [Fact]
    public async Task An_analysis_can_name_an_endpoint_whatever_that_is_told_of_otherwise()
    {
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url, "analysis.failed")).GetProperty("id").GetString()!;
        var ids = new List<string>();
        foreach (var endpoint in new[] { null, "we_unknown", id })
        {
            var submission = await Submission.CreateAsync(host, change: record => record with { WebhookEndpointId = endpoint });
            await submission.PublishAllAsync(host);
            Assert.Equal(endpoint == "we_unknown", (await host.WaitForEndAsync(submission.Id)).Warnings.Contains("webhook_not_configured"));
            ids.Add(submission.Id);
        }

        await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Delivered && delivery.AnalysisId == ids[2], "the one that named it is told");
        Assert.Single(receiver.Notices);
    }

    [Fact]
    public async Task A_secret_of_the_wrong_form_stops_the_start() =>
        await Assert.ThrowsAsync<OptionsValidationException>(() => WebhookHost.StartAsync(("Webhooks:Secret", "hunter2")));

    [Fact]
    public async Task A_delivery_is_linked_to_the_trace_of_its_analysis()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Telemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await WebhookHost.StartAsync(("Webhooks:Secret", WebhookHost.Secret));
        var trace = ActivityTraceId.CreateRandom();
        var submission = await Submission.CreateAsync(host, receiver.Url, extracted: false, change: record => record with { TraceParent = $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" });
        await host.Merger.FailAsync(submission.Id, Contracts.ErrorCodes.Corrupt, "It cannot be decoded.", host.Bus, CancellationToken.None);
        await host.WaitAsync("default", delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");

        await Eventually.TrueAsync(() => spans.Any(IsDelivery), "the span ends");
        var span = spans.Single(IsDelivery);
        Assert.NotEqual(trace, span.TraceId);
        Assert.Equal(trace, Assert.Single(span.Links).Context.TraceId);
        Assert.False(receiver.Notices.Single().Headers.ContainsKey("traceparent"), "a stranger hears nothing of our traces");

        bool IsDelivery(Activity span) => span.OperationName == "deliver webhook" && submission.Id.Equals(span.GetTagItem(Contracts.TelemetryTags.AnalysisId));
    }

    private static Document<Delivery> Planned(string endpointId, DateTimeOffset now, string messageId) => new("default", DeliveryIds.Of(endpointId, now, messageId), new Delivery
    {
        EndpointId = endpointId,
        EventType = EventTypes.Test,
        MessageId = messageId,
        CreatedAt = now,
        NextAttemptAt = now,
    }, now);

    private static async Task<string?> ReplayCodeAsync(ResultHost host, string deliveryId)
    {
        using var response = await host.Client.PostAsync($"/v1/webhooks/deliveries/{deliveryId}/replay", null);
        return JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync()).GetProperty("code").GetString();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen) return;
            seen = before;
        }
    }
}
