using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Integration;

public sealed class WebhookTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task A_notice_whose_sender_was_cut_off_by_SIGKILL_arrives_after_the_restart()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var media = new TestMedia();
        var picture = (await media.MixedAsync(5))[4].Path;
        using var data = new TemporaryFolder();
        var asked = new TaskCompletionSource();
        var dead = new TaskCompletionSource();
        var notices = new ConcurrentQueue<(string Id, string Timestamp, string Signature, string Body)>();
        await using var receiver = await ReceiveAsync(async notice =>
        {
            notices.Enqueue(notice);
            asked.TrySetResult();
            await dead.Task;
        });
        await using var host = await Host.StartAsync("Standalone", new Dictionary<string, string>
        {
            ["DATA_PATH"] = data.Path,
            ["Webhooks__Secret"] = Secret,
            ["Webhooks__Timeout"] = "00:00:01",
            ["Outbound__AllowedNetworks"] = "127.0.0.1/32",
        });
        using var client = new ApiClient(host.Address);

        var id = await SubmitAsync(host, picture, receiver.Urls.First() + "/hook", patience.Token);
        await asked.Task.WaitAsync(patience.Token);
        Assert.Equal(AnalysisStatus.Completed, (await client.FindAsync(id, patience.Token))!.Status);
        await host.KillAsync();
        dead.SetResult();
        await host.StartAsync();

        var delivery = await DeliveredAsync(host, patience.Token);
        Assert.Equal((id, 1), (delivery.GetProperty("analysis_id").GetString(), delivery.GetProperty("attempts").GetArrayLength()));
        Assert.Equal(2, notices.Count);
        foreach (var (messageId, timestamp, signature, body) in notices)
        {
            Assert.Equal("msg_" + id, messageId);
            var expected = HMACSHA256.HashData(Convert.FromBase64String(Secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{messageId}.{timestamp}.{body}"));
            Assert.Equal("v1," + Convert.ToBase64String(expected), signature);
            Assert.Equal(id, JsonSerializer.Deserialize<JsonElement>(body).GetProperty("data").GetProperty("id").GetString());
        }
    }

    private static async Task<string> SubmitAsync(Host host, string path, string webhook, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = host.Address };
        using var file = new ByteArrayContent(await File.ReadAllBytesAsync(path, cancellationToken));
        using var response = await http.PostAsync(new Uri($"/v1/analyses?webhook_url={Uri.EscapeDataString(webhook)}", UriKind.Relative), file, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options, cancellationToken))!.Id;
    }

    private static async Task<JsonElement> DeliveredAsync(Host host, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = host.Address };
        while (true)
        {
            var log = await http.GetFromJsonAsync<JsonElement>(new Uri("/v1/webhooks/default/deliveries", UriKind.Relative), cancellationToken);
            if (log.GetProperty("items").EnumerateArray().SingleOrDefault() is { ValueKind: JsonValueKind.Object } delivery && delivery.GetProperty("status").GetString() == "delivered") return delivery;
            await Task.Delay(100, cancellationToken);
        }
    }

    private static async Task<WebApplication> ReceiveAsync(Func<(string Id, string Timestamp, string Signature, string Body), Task> take)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/hook", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var headers = context.Request.Headers;
            await take((headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(), await reader.ReadToEndAsync()));
        });
        await app.StartAsync();
        return app;
    }
}
