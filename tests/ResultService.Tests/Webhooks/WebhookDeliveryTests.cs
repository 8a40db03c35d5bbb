using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;
using Deepfake.ResultService.Webhooks;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class WebhookDeliveryTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static readonly (string, string)[] Configured = [("Webhooks:Secret", Secret), ("Outbound:AllowedNetworks", "127.0.0.0/8")];

    [Fact]
    public async Task A_receiver_that_fails_twice_gets_the_signed_notice_at_the_third_attempt()
    {
        await using var receiver = await Receiver.StartAsync(attempt => attempt <= 2 ? 503 : 204);
        await using var host = await ResultHost.StartAsync(Configured);
        var submission = await Submission.CreateAsync(host, webhookUrl: receiver.Url);
        await submission.PublishAllAsync(host);
        await Eventually.TrueAsync(() => receiver.Notices.Count >= 3, "the third attempt comes");

        var notices = receiver.Notices.ToArray();
        Assert.Equal(3, notices.Length);
        Assert.Single(notices.Select(notice => notice.Id).Distinct());
        foreach (var notice in notices)
        {
            // Checked by the letter of the specification, apart from the code under test.
            var content = Encoding.UTF8.GetBytes($"{notice.Id}.{notice.Timestamp}.{notice.Body}");
            var expected = HMACSHA256.HashData(Convert.FromBase64String(Secret["whsec_".Length..]), content);
            Assert.Equal("v1," + Convert.ToBase64String(expected), notice.Signature);
            Assert.InRange(long.Parse(notice.Timestamp, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        }

        var body = JsonSerializer.Deserialize<JsonElement>(notices[^1].Body);
        Assert.Equal("analysis.completed", body.GetProperty("type").GetString());
        Assert.Equal((submission.Id, "manipulated"), (body.GetProperty("data").GetProperty("id").GetString(), body.GetProperty("data").GetProperty("verdict").GetString()));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var target = await Receiver.StartAsync(_ => 204);
        await using var receiver = await Receiver.StartAsync(_ => 302, location: target.Url);
        await using var host = await ResultHost.StartAsync(Configured);
        var sender = host.Get<WebhookSender>();

        var (outcome, detail) = await sender.SendAsync(receiver.Url, Record(), CancellationToken.None);

        Assert.Equal((WebhookOutcome.Failed, "the receiver answered 302"), (outcome, detail));
        Assert.Empty(target.Notices);
    }

    [Theory]
    [InlineData("http://example.com/hook", "the address is not https")]
    [InlineData("ftp://example.com/hook", "the address is not https")]
    [InlineData("not a url", "the address is none")]
    [InlineData("https://127.0.0.1:1/hook", "the address is not public")]
    [InlineData("https://[::1]:1/hook", "the address is not public")]
    [InlineData("https://localhost:1/hook", "the address is not public")]
    [InlineData("https://169.254.169.254/latest/meta-data", "the address is not public")]
    [InlineData("https://0x7f000001/hook", "the address is not public")]
    public async Task Addresses_inside_the_network_are_never_connected_to(string url, string expected)
    {
        using var sender = new WebhookSender(Options.Create(new WebhookOptions { Secret = Secret }), new GuardedHandler(Options.Create(new OutboundOptions())), TimeProvider.System);
        Assert.Equal((WebhookOutcome.Refused, expected), await sender.SendAsync(url, Record(), CancellationToken.None));
    }

    [Fact]
    public async Task A_receiver_that_does_not_answer_is_given_up_after_the_timeout()
    {
        var never = new TaskCompletionSource();
        await using var receiver = await Receiver.StartAsync(_ => 204, before: never.Task);
        using var sender = new WebhookSender(
            Options.Create(new WebhookOptions { Secret = Secret, Timeout = TimeSpan.FromMilliseconds(200) }),
            new GuardedHandler(Options.Create(new OutboundOptions { AllowedNetworks = "127.0.0.0/8" })), TimeProvider.System);

        var (outcome, _) = await sender.SendAsync(receiver.Url, Record(), CancellationToken.None);
        never.SetResult();

        Assert.Equal(WebhookOutcome.Failed, outcome);
    }

    [Fact]
    public async Task Without_a_secret_nothing_is_sent_and_the_record_says_so()
    {
        await using var receiver = await Receiver.StartAsync(_ => 204);
        await using var host = await ResultHost.StartAsync(("Outbound:AllowedNetworks", "127.0.0.0/8"));
        var submission = await Submission.CreateAsync(host, webhookUrl: receiver.Url);
        await submission.PublishAllAsync(host);

        Assert.Contains("webhook_not_configured", (await host.WaitForEndAsync(submission.Id)).Warnings);
        Assert.Empty(receiver.Notices);
    }

    [Fact]
    public async Task A_secret_of_the_wrong_form_stops_the_start() =>
        await Assert.ThrowsAsync<OptionsValidationException>(() => ResultHost.StartAsync(("Webhooks:Secret", "hunter2")));

    private static Analysis Record() => new()
    {
        Id = "an_1",
        Status = AnalysisStatus.Completed,
        Stage = Stage.Done,
        Progress = 100,
        Media = new MediaSummary { Format = MediaFormat.Png, Sha256 = "", SizeBytes = 1 },
        CreatedAt = DateTimeOffset.UnixEpoch,
    };

    private sealed record Notice(string Id, string Timestamp, string Signature, string Body);

    private sealed class Receiver(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<Notice> Notices { get; } = new();

        public string Url => app.Urls.First() + "/hook";

        public static async Task<Receiver> StartAsync(Func<int, int> status, string? location = null, Task? before = null)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var receiver = new Receiver(app);
            app.MapPost("/hook", async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                receiver.Notices.Enqueue(new Notice(
                    request.Headers["webhook-id"].ToString(), request.Headers["webhook-timestamp"].ToString(), request.Headers["webhook-signature"].ToString(), await reader.ReadToEndAsync()));
                if (before is not null) await before;
                if (location is not null) request.HttpContext.Response.Headers.Location = location;
                return Results.StatusCode(status(receiver.Notices.Count));
            });
            await app.StartAsync();
            return receiver;
        }

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
