using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>What came of one attempt.</summary>
public enum WebhookOutcome
{
    /// <summary>The receiver took it (2xx).</summary>
    Delivered,

    /// <summary>It never will: refused address, or 410.</summary>
    Refused,

    /// <summary>Not now; worth another attempt.</summary>
    Failed,
}

/// <summary>Posts signed completion notices to public addresses. Reads no answer body.</summary>
public sealed class WebhookSender : IDisposable
{
    private readonly HttpClient _client;
    private readonly WebhookOptions _options;
    private readonly GuardedHandler _guarded;
    private readonly TimeProvider _time;
    private readonly byte[]? _key;

    /// <summary>Prepares the connection pool.</summary>
    public WebhookSender(IOptions<WebhookOptions> options, GuardedHandler guarded, TimeProvider time)
    {
        _options = options.Value;
        _guarded = guarded;
        _time = time;
        WebhookSignature.TryReadSecret(_options.Secret, out _key);
        _client = new HttpClient(guarded.Create()) { Timeout = _options.Timeout };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Deepfake.Aspire-Webhooks", "1.0"));
    }

    /// <summary>Posts the notice of one final record. Attempts of the same analysis carry the same <c>webhook-id</c>.</summary>
    public async Task<(WebhookOutcome Outcome, string Detail)> SendAsync(string url, Analysis analysis, CancellationToken cancellationToken)
    {
        if (_key is null) return (WebhookOutcome.Refused, "no signing secret is configured");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var target)) return (WebhookOutcome.Refused, "the address is none");
        if (_guarded.Refuse(target) is { } refusal) return (WebhookOutcome.Refused, refusal);

        var body = Body(analysis);
        var id = "msg_" + analysis.Id;
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString());
        request.Headers.Add("webhook-signature", WebhookSignature.Sign(_key, id, timestamp, body));
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.StatusCode switch
            {
                >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => (WebhookOutcome.Delivered, ""),
                HttpStatusCode.Gone => (WebhookOutcome.Refused, "the receiver answered 410"),
                var status => (WebhookOutcome.Failed, $"the receiver answered {(int)status}"),
            };
        }
        catch (HttpRequestException e) when (ForbiddenAddressException.Caused(e))
        {
            return (WebhookOutcome.Refused, "the address is not public");
        }
        catch (HttpRequestException e)
        {
            return (WebhookOutcome.Failed, $"the receiver cannot be reached ({e.HttpRequestError})");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (WebhookOutcome.Failed, $"no answer within {_options.Timeout.TotalSeconds:0} s");
        }
    }

    /// <summary>The body: <c>type</c> (<c>analysis.completed</c>, <c>.failed</c>, <c>.cancelled</c>), <c>timestamp</c>, and the record as <c>data</c>.</summary>
    public static byte[] Body(Analysis analysis) => JsonSerializer.SerializeToUtf8Bytes(
        new { Type = "analysis." + analysis.Status.ToString().ToLowerInvariant(), Timestamp = analysis.CompletedAt, Data = analysis }, DeepfakeJson.Options);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
