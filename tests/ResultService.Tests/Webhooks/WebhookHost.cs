using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Tests.Hosting;
using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

/// <summary>What the tests of webhooks ask of a host.</summary>
internal static class WebhookHost
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>A host that may call receivers on this machine.</summary>
    public static Task<ResultHost> StartAsync(params (string Key, string Value)[] settings) =>
        ResultHost.StartAsync([("Outbound:AllowedNetworks", "127.0.0.0/8"), ("Webhooks:PollInterval", "00:00:00.02"), .. settings]);

    public static async Task<JsonElement> AddAsync(this ResultHost host, string url, params string[] eventTypes)
    {
        using var response = await host.Client.PostAsJsonAsync("/v1/webhooks", new { url, event_types = eventTypes });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public static async Task<JsonElement> PostAsync(this ResultHost host, string path)
    {
        using var response = await host.Client.PostAsync(path, null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public static Task<JsonElement> ReadAsync(this ResultHost host, string path) => host.Client.GetFromJsonAsync<JsonElement>(path);

    public static async Task<WebhookDelivery[]> DeliveriesAsync(this ResultHost host, string webhookId) =>
        [.. (await host.Client.GetFromJsonAsync<WebhookDeliveryPage>($"/v1/webhooks/{webhookId}/deliveries?limit=200", DeepfakeJson.Options))!.Items];

    /// <summary>Waits until the only delivery of an endpoint is as wanted.</summary>
    public static async Task<WebhookDelivery> WaitAsync(this ResultHost host, string webhookId, Func<WebhookDelivery, bool> condition, string what)
    {
        WebhookDelivery? last = null;
        await Eventually.TrueAsync(async () => (last = (await host.DeliveriesAsync(webhookId)).SingleOrDefault()) is not null && condition(last), what);
        return last!;
    }

    /// <summary>An analysis that failed a moment ago, and whose end has been announced.</summary>
    public static async Task<string> EndOneAsync(this ResultHost host, string? webhookUrl = null)
    {
        var submission = await Submission.CreateAsync(host, webhookUrl, extracted: false);
        Assert.True(await host.Get<AnalysisMerger>().FailAsync(submission.Id, ErrorCodes.Corrupt, "It cannot be decoded.", host.Bus, CancellationToken.None));
        return submission.Id;
    }

    public static IDocumentStore<Delivery> Deliveries(this ResultHost host) => host.Get<IDocumentStore<Delivery>>();
}
