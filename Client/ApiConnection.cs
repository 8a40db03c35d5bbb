using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Deepfake.Client;

/// <summary>Sends requests, repeats those that may be repeated, and turns errors into exceptions.</summary>
internal sealed class ApiConnection(HttpClient http, DeepfakeClientOptions options)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(500);

    public DeepfakeClientOptions Options => options;

    /// <summary>Sends a request and reads the answer.</summary>
    /// <param name="make">Makes the request; called again for every try.</param>
    /// <param name="repeatable">Whether doing it twice is the same as doing it once.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<T> SendAsync<T>(Func<HttpRequestMessage> make, bool repeatable, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(make, repeatable, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>Sends a request; the answer is a success, its body still to be read.</summary>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> make, bool repeatable, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            DeepfakeApiException failure;
            try
            {
                using var request = make();
                var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified) return response;
                using (response) failure = await ReadFailureAsync(response, cancellationToken);
            }
            catch (HttpRequestException e)
            {
                failure = new DeepfakeApiException(null, DeepfakeApiException.Unreachable, $"The service at {http.BaseAddress} cannot be reached: {e.Message}", inner: e);
            }

            var passes = failure.Status is null or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
            var wait = failure.RetryAfter ?? (FirstWait * Math.Pow(2, attempt) * (1 + (0.25 * Random.Shared.NextDouble())));
            if (!repeatable || !passes || attempt >= options.Retries || wait > options.LongestWait) throw failure;
            await Task.Delay(wait, cancellationToken);
        }
    }

    /// <summary>Reads a JSON body.</summary>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<T>(ClientJson.Options, cancellationToken) ?? throw new JsonException("The answer is empty.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new DeepfakeApiException(response.StatusCode, DeepfakeApiException.Unreachable, "The answer is not one of this API: " + e.Message, inner: e);
        }
    }

    private static async Task<DeepfakeApiException> ReadFailureAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string? Text(JsonElement problem, string name) => problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        var fallback = $"The service answered {(int)response.StatusCode} {response.ReasonPhrase}.";
        var retryAfter = RetryAfter(response.Headers.RetryAfter);
        try
        {
            if (response.Content.Headers.ContentType?.MediaType == "application/problem+json"
                && await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken) is { ValueKind: JsonValueKind.Object } problem && Text(problem, "code") is { } code)
            {
                return new DeepfakeApiException(response.StatusCode, code, Text(problem, "detail") ?? fallback, Text(problem, "trace_id"), retryAfter);
            }
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // The status has to do.
        }

        return new DeepfakeApiException(response.StatusCode, DeepfakeApiException.Unreachable, fallback, retryAfter: retryAfter);
    }

    private static TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > DateTimeOffset.UtcNow => date - DateTimeOffset.UtcNow,
        _ => null,
    };
}
