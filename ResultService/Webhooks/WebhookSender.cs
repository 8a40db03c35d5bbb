using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Posts signed notices to addresses that clients name. Never throws for what a receiver does.</summary>
public sealed class WebhookSender : IDisposable
{
    private const int ResponseBytes = 1024;
    private readonly HttpClient _client;
    private readonly GuardedHandler _guarded;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    /// <summary>Prepares the connection pool.</summary>
    public WebhookSender(IOptions<WebhookOptions> options, GuardedHandler guarded, TimeProvider time)
    {
        (_guarded, _time, _timeout) = (guarded, time, options.Value.Timeout);
        _client = new HttpClient(guarded.Create()) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Deepfake.Aspire-Webhooks", "1.0"));
    }

    /// <summary>Why an address can be refused without trying; null if it may be tried.</summary>
    public string? Refuse(string url) => Uri.TryCreate(url, UriKind.Absolute, out var target) ? _guarded.Refuse(target) : "the address is none";

    /// <summary>Makes one attempt.</summary>
    /// <param name="url">An address that <see cref="Refuse"/> lets pass.</param>
    /// <param name="messageId">Value of <c>webhook-id</c>.</param>
    /// <param name="body">JSON.</param>
    /// <param name="keys">Bytes of the valid secrets, newest first.</param>
    /// <param name="cancellationToken">Breaks it off with an <see cref="OperationCanceledException"/>.</param>
    public async Task<DeliveryAttempt> SendAsync(string url, string messageId, byte[] body, IReadOnlyList<byte[]> keys, CancellationToken cancellationToken)
    {
        var at = _time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", messageId);
        request.Headers.Add("webhook-timestamp", at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Sign(keys, messageId, at, body));

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_timeout);
        var clock = Stopwatch.StartNew();
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return new DeliveryAttempt
            {
                At = at,
                StatusCode = (int)response.StatusCode,
                LatencyMs = Milliseconds(clock),
                Response = await ReadAsync(response.Content, patience.Token),
                RetryAfter = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? RetryAfter(response) : null,
            };
        }
        catch (HttpRequestException e)
        {
            var error = ForbiddenAddressException.Caused(e) ? "the address is not public" : Describe(e.HttpRequestError);
            return new DeliveryAttempt { At = at, Error = error, LatencyMs = Milliseconds(clock) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryAttempt { At = at, Error = $"no answer within {_timeout.TotalSeconds:0.#} s", LatencyMs = Milliseconds(clock) };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // For the log only: the status has decided already, whatever happens here.
    private static async Task<string?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var bytes = new byte[ResponseBytes];
        var read = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            for (int came; read < bytes.Length && (came = await stream.ReadAsync(bytes.AsMemory(read), cancellationToken)) > 0;) read += came;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // What came has to do.
        }

        if (read == 0) return null;
        return string.Concat(Encoding.UTF8.GetString(bytes, 0, read).Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    private static double Milliseconds(Stopwatch clock) => Math.Round(clock.Elapsed.TotalMilliseconds, 1);

    private static string Describe(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "the name cannot be resolved",
        HttpRequestError.ConnectionError => "no connection",
        HttpRequestError.SecureConnectionError => "TLS failed",
        HttpRequestError.ResponseEnded => "the connection was closed without an answer",
        _ => "the answer cannot be understood",
    };
}
