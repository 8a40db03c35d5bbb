using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Integration.Walk;

/// <summary>The embedded host with keys, and a tenant who has something of everything.</summary>
public sealed class Premises : IAsyncLifetime
{
    /// <summary>Scopes of a tenant's key that may do everything inside its tenant.</summary>
    public static readonly string[] TenantScopes = ["analyses:write", "analyses:read", "webhooks", "review", "admin"];

    private readonly TemporaryFolder _data = new();
    private readonly TestMedia _media = new();
    private readonly Dictionary<string, string> _things = [];
    private readonly List<HttpClient> _clients = [];
    private string _operatorKey = "";
    private Host _host = null!;

    /// <summary>What the host describes.</summary>
    public IReadOnlyList<Operation> Operations { get; private set; } = [];

    /// <summary>The tenant who has something.</summary>
    public HttpClient Owner { get; private set; } = null!;

    /// <summary>Ids of what the owner has.</summary>
    public IEnumerable<string> Things => _things.Where(thing => thing.Value.Length > 8).Select(thing => thing.Value);

    public async Task InitializeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        _operatorKey = await Host.NewKeyAsync();
        _host = await Host.StartAsync("Standalone", new Dictionary<string, string>
        {
            ["DATA_PATH"] = _data.Path,
            ["Identity__AllowLocal"] = "false",
            ["Identity__BootstrapKey"] = _operatorKey,
            ["Limits__Key__RequestsPerSecond"] = "0",
        });
        Operations = await Operation.ReadAllAsync(Client(null));
        await FurnishAsync(patience.Token);
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await _host.DisposeAsync();
        _media.Dispose();
        _data.Dispose();
    }

    /// <summary>A client with a new key.</summary>
    public async Task<HttpClient> NewClientAsync(string tenant, params string[] scopes)
    {
        var made = await SendAsync(Client(_operatorKey), HttpMethod.Post, "/v1/keys", new { name = tenant, tenant, scopes });
        return Client(made.GetProperty("key").GetString());
    }

    /// <summary>A client with this key; with none for null.</summary>
    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = _host.Address, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _clients.Add(client);
        return client;
    }

    /// <summary>The request of an operation on what the owner has.</summary>
    public HttpRequestMessage Request(Operation operation)
    {
        var path = operation.Path;
        for (int open; (open = path.IndexOf('{', StringComparison.Ordinal)) >= 0;)
        {
            var close = path.IndexOf('}', open);
            var name = operation.Path[..operation.Path.IndexOf(path[open..(close + 1)], StringComparison.Ordinal)] + path[open..(close + 1)];
            Assert.True(_things.TryGetValue(name, out var id), $"The walk does not know what to take for {name} in '{operation}': let Premises.FurnishAsync make one.");
            path = path[..open] + Uri.EscapeDataString(id!) + path[(close + 1)..];
        }

        var request = new HttpRequestMessage(new HttpMethod(operation.Method), path);
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Offset", "0");
        if (operation.TakesJson) request.Content = new StringContent(Bodies.GetValueOrDefault(operation.ToString(), "{}"), null, "application/json");
        else if (operation.Method == "PATCH") request.Content = new ByteArrayContent([1, 2, 3]) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };
        return request;
    }

    /// <summary>Bodies where an empty object would be refused before it is looked for whose it is.</summary>
    private static Dictionary<string, string> Bodies { get; } = new()
    {
        ["PUT /v1/analyses/{id}/review"] = """{"verdict":"manipulated"}""",
        ["PATCH /v1/webhooks/{webhookId}"] = """{"description":"taken over"}""",
    };

    /// <summary>One of everything, by its address in the documents.</summary>
    private async Task FurnishAsync(CancellationToken cancellationToken)
    {
        var made = await SendAsync(Client(_operatorKey), HttpMethod.Post, "/v1/keys", new { name = "owner", tenant = "owner", scopes = TenantScopes });
        Owner = Client(made.GetProperty("key").GetString());
        _things["/v1/keys/{id}"] = made.GetProperty("description").GetProperty("id").GetString()!;

        using var submitting = new ApiClient(_host.Address, made.GetProperty("key").GetString());
        var photo = (await _media.MixedAsync(5))[4].Path;
        var analysis = await submitting.WaitAsync(await submitting.SubmitAsync(photo, cancellationToken), known => known.CompletedAt is not null, cancellationToken);
        Assert.Equal(AnalysisStatus.Completed, analysis.Status);
        _things["/v1/analyses/{id}"] = analysis.Id;
        _things["/v1/analyses/{id}/faces/{trackId}"] = $"{analysis.Faces[0].TrackId}";
        var second = await SendAsync(Owner, HttpMethod.Post, $"/v1/analyses/{analysis.Id}/reprocess", null);
        await submitting.WaitAsync(second.GetProperty("id").GetString()!, known => known.CompletedAt is not null, cancellationToken);
        _things["/v1/analyses/{id}/versions/{version}"] = "2";
        await SendAsync(Owner, HttpMethod.Put, $"/v1/analyses/{analysis.Id}/review", new { verdict = "authentic" });
        await submitting.DeleteAsync(await submitting.SubmitAsync(photo, cancellationToken), cancellationToken);
        _things["/v1/deletions/{deletionId}"] = await FirstAsync("/v1/deletions");

        var webhook = await SendAsync(Owner, HttpMethod.Post, "/v1/webhooks", new { url = "https://hooks.example.com/x" });
        _things["/v1/webhooks/{webhookId}"] = webhook.GetProperty("id").GetString()!;
        await SendAsync(Owner, HttpMethod.Post, $"/v1/webhooks/{_things["/v1/webhooks/{webhookId}"]}/test", null);
        _things["/v1/webhooks/deliveries/{deliveryId}"] = await FirstAsync($"/v1/webhooks/{_things["/v1/webhooks/{webhookId}"]}/deliveries");

        _things["/v1/models/{name}"] = "nobody";
        var batch = await SendAsync(Owner, HttpMethod.Post, "/v1/batches", new { items = new[] { new { upload_id = "up_unknown" } } });
        _things["/v1/batches/{id}"] = batch.GetProperty("id").GetString()!;

        using var upload = new HttpRequestMessage(HttpMethod.Post, "/v1/uploads") { Headers = { { "Tus-Resumable", "1.0.0" }, { "Upload-Length", "100" } } };
        using var begun = await Owner.SendAsync(upload, cancellationToken);
        _things["/v1/uploads/{id}"] = begun.Headers.Location!.OriginalString.Split('/')[^1];
    }

    private async Task<string> FirstAsync(string list) =>
        (await SendAsync(Owner, HttpMethod.Get, list, null)).GetProperty("items")[0].GetProperty("id").GetString()!;

    private static async Task<JsonElement> SendAsync(HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
