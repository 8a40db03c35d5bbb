using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Tests.Hosting;
using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class WebhookApiTests
{
    [Fact]
    public async Task An_endpoint_is_added_read_changed_and_removed_and_its_secret_is_shown_once()
    {
        await using var host = await ResultHost.StartAsync();
        using var answer = await host.Client.PostAsJsonAsync("/v1/webhooks", new { url = "https://receiver.example/hook?x=1", description = "ours", event_types = new[] { "analysis.failed" } });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var added = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var path = answer.Headers.Location!.OriginalString;
        Assert.Equal($"/v1/webhooks/{added.GetProperty("id").GetString()}", path);
        Assert.True(WebhookSignature.TryReadSecret(added.GetProperty("secret").GetString()!, out var key));
        Assert.Equal(32, key.Length);

        var read = await host.Client.GetFromJsonAsync<JsonElement>(path);
        Assert.False(read.TryGetProperty("secret", out _));
        Assert.Equal(("https://receiver.example/hook?x=1", "ours", true), (read.GetProperty("url").GetString(), read.GetProperty("description").GetString(), read.GetProperty("enabled").GetBoolean()));
        Assert.Equal(["analysis.failed"], read.GetProperty("event_types").EnumerateArray().Select(type => type.GetString()));
        Assert.DoesNotContain("whsec_", await host.Client.GetStringAsync("/v1/webhooks"), StringComparison.Ordinal);

        using var changed = await host.Client.PatchAsJsonAsync(path, new { enabled = false, event_types = Array.Empty<string>() });
        var after = await changed.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((false, 0, "ours"), (after.GetProperty("enabled").GetBoolean(), after.GetProperty("event_types").GetArrayLength(), after.GetProperty("description").GetString()));

        using var removed = await host.Client.DeleteAsync(path);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        using var gone = await host.Client.GetAsync(path);
        await ResultHost.AssertProblemAsync(gone, HttpStatusCode.NotFound, "not_found");
        Assert.Empty((await host.Client.GetFromJsonAsync<JsonElement>("/v1/webhooks")).GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("""{}""", "'url' is missing")]
    [InlineData("""{"url":"receiver.example"}""", "the address is none")]
    [InlineData("""{"url":"http://receiver.example/"}""", "the address is not https")]
    [InlineData("""{"url":"https://user@receiver.example/"}""", "the address holds a user name")]
    [InlineData("""{"url":"https://127.0.0.1/"}""", "the address is not public")]
    [InlineData("""{"url":"https://[::ffff:10.0.0.1]/"}""", "the address is not public")]
    [InlineData("""{"url":"https://2852039166/"}""", "the address is not public")]
    [InlineData("""{"url":"https://receiver.example/","event_types":["analysis.*"]}""", "'analysis.*'")]
    [InlineData("""{"url":"https://receiver.example/","event_types":[null]}""", "'event_types'")]
    [InlineData("""{"url":"https://receiver.example/","secret":"short"}""", "'secret'")]
    public async Task What_cannot_be_an_endpoint_is_named(string body, string part)
    {
        await using var host = await ResultHost.StartAsync();
        using var answer = await host.Client.PostAsync("/v1/webhooks", new StringContent(body, null, "application/json"));
        Assert.Contains(part, JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ResultHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_request");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"url":7}""")]
    [InlineData("")]
    public async Task A_body_that_is_none_is_a_bad_request(string body)
    {
        await using var host = await ResultHost.StartAsync();
        using var answer = await host.Client.PostAsync("/v1/webhooks", new StringContent(body, null, "application/json"));
        await ResultHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_request");
    }

    [Fact]
    public async Task There_is_an_end_to_the_number_of_endpoints()
    {
        await using var host = await ResultHost.StartAsync(("Webhooks:EndpointsPerTenant", "2"));
        await host.PostAsync("/v1/webhooks/default/rotate");
        await host.AddAsync("https://receiver.example/1");
        await host.AddAsync("https://receiver.example/2");
        using var third = await host.Client.PostAsJsonAsync("/v1/webhooks", new { url = "https://receiver.example/3" });
        await ResultHost.AssertProblemAsync(third, HttpStatusCode.Conflict, "webhook_limit_reached");
    }

    [Theory]
    [InlineData("GET", "/v1/webhooks/{0}")]
    [InlineData("PATCH", "/v1/webhooks/{0}")]
    [InlineData("DELETE", "/v1/webhooks/{0}")]
    [InlineData("POST", "/v1/webhooks/{0}/rotate")]
    [InlineData("POST", "/v1/webhooks/{0}/test")]
    [InlineData("GET", "/v1/webhooks/{0}/deliveries")]
    [InlineData("GET", "/v1/webhooks/deliveries/{1}")]
    [InlineData("POST", "/v1/webhooks/deliveries/{1}/replay")]
    public async Task What_belongs_to_another_tenant_is_not_there(string method, string path)
    {
        await using var host = await ResultHost.StartAsync();
        var now = host.Clock.GetUtcNow();
        var theirs = new Document<WebhookEndpoint>("acme", DeliveryIds.NewEndpoint(), new WebhookEndpoint { Url = "https://acme.example/", Secrets = [new SigningSecret(WebhookHost.Secret, null)] });
        await host.Get<IDocumentStore<WebhookEndpoint>>().TryAddAsync(theirs, CancellationToken.None);
        var delivery = new Delivery { EndpointId = theirs.Id, EventType = "analysis.failed", MessageId = "msg_1", CreatedAt = now };
        var id = DeliveryIds.Of(theirs.Id, now, "msg_1");
        await host.Deliveries().TryAddAsync(new Document<Delivery>("acme", id, delivery), CancellationToken.None);

        foreach (var (endpoint, log) in new[] { (theirs.Id, id), ("we_unknown", "whd_unknown"), ("%2e%2e", "a b"), (new string('x', 500), new string('y', 500)) })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), string.Format(path, endpoint, log));
            if (method == "PATCH") request.Content = JsonContent.Create(new { enabled = false });
            using var answer = await host.Client.SendAsync(request);
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, $"{method} {request.RequestUri}: {answer.StatusCode}");
        }

        Assert.Equal(theirs with { Version = 1 }, (await host.Get<IDocumentStore<WebhookEndpoint>>().FindAsync("acme", theirs.Id, CancellationToken.None))! with { Value = theirs.Value });
    }

    [Fact]
    public async Task A_test_is_sent_at_once_and_answered_with_what_came_of_it()
    {
        await using var receiver = await Receiver.StartAsync(attempt => attempt == 1 ? 202 : 500);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url, "analysis.failed")).GetProperty("id").GetString()!;
        var sent = await host.PostAsync($"/v1/webhooks/{id}/test");
        Assert.Equal(("delivered", "webhook.test"), (sent.GetProperty("status").GetString(), sent.GetProperty("event_type").GetString()));
        Assert.Equal(202, sent.GetProperty("attempts")[0].GetProperty("status_code").GetInt32());
        var notice = Assert.Single(receiver.Notices);
        Assert.Equal("webhook.test", JsonSerializer.Deserialize<JsonElement>(notice.Body).GetProperty("type").GetString());

        var failed = await host.PostAsync($"/v1/webhooks/{id}/test");
        Assert.Equal(("failed", "test_failed"), (failed.GetProperty("status").GetString(), failed.GetProperty("reason").GetString()));
        Assert.Equal(2, (await host.DeliveriesAsync(id)).Length);
        using var nowhere = await host.Client.PostAsync("/v1/webhooks/default/test", null);
        await ResultHost.AssertProblemAsync(nowhere, HttpStatusCode.BadRequest, "invalid_request");
    }

    [Fact]
    public async Task A_delivery_that_was_given_up_can_be_replayed_with_the_same_id()
    {
        await using var receiver = await Receiver.StartAsync(attempt => attempt == 1 ? 410 : 200);
        await using var host = await WebhookHost.StartAsync();
        var id = (await host.AddAsync(receiver.Url)).GetProperty("id").GetString()!;
        await host.EndOneAsync();
        var lost = await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Failed, "it is given up");
        using var changed = await host.Client.PatchAsJsonAsync($"/v1/webhooks/{id}", new { enabled = true });

        var replayed = await host.PostAsync($"/v1/webhooks/deliveries/{lost.Id}/replay");
        Assert.Equal("pending", replayed.GetProperty("status").GetString());
        var delivered = await host.WaitAsync(id, delivery => delivery.Status == DeliveryStatus.Delivered, "it is delivered");
        Assert.Equal([410, 200], delivered.Attempts.Select(attempt => attempt.StatusCode ?? 0));
        Assert.Single(receiver.Notices.Select(notice => notice.Id).Distinct());
        Assert.Equal(delivered.Id, (await host.ReadAsync($"/v1/webhooks/deliveries/{lost.Id}")).GetProperty("id").GetString());
    }

    [Fact]
    public async Task The_log_is_read_in_pages_newest_first_and_by_status()
    {
        await using var host = await ResultHost.StartAsync();
        var ids = new[] { await AddIdAsync(host), await AddIdAsync(host) };
        var now = host.Clock.GetUtcNow();
        foreach (var id in ids)
        {
            for (var i = 0; i < 25; i++)
            {
                var delivery = new Delivery
                {
                    EndpointId = id,
                    EventType = "analysis.failed",
                    MessageId = $"msg_{i:D2}",
                    CreatedAt = now.AddSeconds(i),
                    Status = i % 5 == 0 ? DeliveryStatus.Failed : DeliveryStatus.Delivered,
                };
                await host.Deliveries().TryAddAsync(new Document<Delivery>("default", DeliveryIds.Of(id, delivery.CreatedAt, delivery.MessageId), delivery), CancellationToken.None);
            }
        }

        foreach (var id in ids)
        {
            Assert.Equal(Enumerable.Range(0, 25).Select(i => $"msg_{24 - i:D2}"), await PagesAsync(host, id, "limit=10"));
            Assert.Equal(["msg_20", "msg_15", "msg_10", "msg_05", "msg_00"], await PagesAsync(host, id, "limit=2&status=failed"));
        }

        foreach (var query in new[] { "limit=0", "limit=x", "status=lost", "cursor=whd_other_1", $"cursor={DeliveryIds.Start(ids[1])}1" })
        {
            using var answer = await host.Client.GetAsync($"/v1/webhooks/{ids[0]}/deliveries?{query}");
            await ResultHost.AssertProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_request");
        }
    }

    private static async Task<List<string?>> PagesAsync(ResultHost host, string id, string query)
    {
        var messages = new List<string?>();
        string? cursor = null;
        do
        {
            var page = await host.ReadAsync($"/v1/webhooks/{id}/deliveries?{query}&cursor={cursor}");
            messages.AddRange(page.GetProperty("items").EnumerateArray().Select(delivery => delivery.GetProperty("message_id").GetString()));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        return messages;
    }

    private static async Task<string> AddIdAsync(ResultHost host) => (await host.AddAsync("https://receiver.example/hook")).GetProperty("id").GetString()!;
}
