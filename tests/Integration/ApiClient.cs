using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Integration;

/// <summary>A client of the public API, patient with a service that is being tormented.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly HttpClient _http;

    /// <summary>Creates the client.</summary>
    /// <param name="address">Of the gateway or the embedded host.</param>
    /// <param name="key">API key; null where none is needed.</param>
    public ApiClient(Uri address, string? key = null)
    {
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Submits a file; tries again where the service says it cannot take it now.</summary>
    public async Task<string> SubmitAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var form = new MultipartFormDataContent();
            var part = new ByteArrayContent(await File.ReadAllBytesAsync(path, cancellationToken));
            part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(part, "file", Path.GetFileName(path));
            using var response = await _http.PostAsync(Relative("/v1/analyses"), form, cancellationToken);
            if ((int)response.StatusCode == 202) return (await response.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options, cancellationToken))!.Id;
            Assert.True((int)response.StatusCode == 503, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>The record; null while the service does not answer.</summary>
    public async Task<Analysis?> FindAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(Relative($"/v1/analyses/{id}"), cancellationToken);
        return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options, cancellationToken) : null;
    }

    /// <summary>Waits until a condition holds for the record.</summary>
    public async Task<Analysis> WaitAsync(string id, Func<Analysis, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await FindAsync(id, cancellationToken) is { } analysis && condition(analysis)) return analysis;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>The whole event stream of an analysis that is over.</summary>
    public Task<string> ReadEventsAsync(string id, CancellationToken cancellationToken) => _http.GetStringAsync(Relative($"/v1/analyses/{id}/events"), cancellationToken);

    /// <summary>Every result of the history.</summary>
    public async Task<List<AnalysisSummary>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<AnalysisSummary>();
        string? cursor = null;
        do
        {
            var page = await _http.GetFromJsonAsync<AnalysisPage>(
                Relative("/v1/analyses?limit=25" + (cursor is null ? "" : $"&cursor={cursor}")), DeepfakeJson.Options, cancellationToken);
            all.AddRange(page!.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>Adds a webhook endpoint.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> AddWebhookAsync(Uri url, string secret, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(Relative("/v1/webhooks"), new { url, secret }, cancellationToken);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("id").GetString()!;
    }

    /// <summary>Attempts of each delivery to an endpoint that was taken.</summary>
    public async Task<IReadOnlyList<int>> ReadAttemptsAsync(string webhookId, CancellationToken cancellationToken) =>
        [.. (await _http.GetFromJsonAsync<JsonElement>(Relative($"/v1/webhooks/{webhookId}/deliveries?status=delivered&limit=200"), cancellationToken))
            .GetProperty("items").EnumerateArray().Select(delivery => delivery.GetProperty("attempts").GetArrayLength())];

    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await _http.DeleteAsync(Relative($"/v1/analyses/{id}"), cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();

    private static Uri Relative(string path) => new(path, UriKind.Relative);
}
