using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.IngestService.Tests.Batches;

/// <summary>A host, a server with files to fetch, and what a client of batches does.</summary>
public abstract class BatchTestBase : IAsyncLifetime
{
    private protected static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private protected static readonly byte[] Png = SampleMedia.Make("png:-frames:v 1");
    private protected static readonly byte[] Text = "just text"u8.ToArray();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, int> _fetched = new();
    private WebApplication _origin = null!;

    private protected IngestHost Host { get; private set; } = null!;

    private protected string Origin => _origin.Urls.First();

    private protected static (string Key, string Value)[] Settings => [("Outbound:AllowedNetworks", "127.0.0.1/32"), ("Ingest:UrlPorts", "any"), ("Ingest:BatchInterval", "00:00:00.050"), ("Ingest:BatchItems", "20")];

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _origin = builder.Build();
        _origin.Use((http, next) =>
        {
            _fetched.AddOrUpdate(http.Request.Path, 1, (_, count) => count + 1);
            return next(http);
        });
        _origin.MapGet("/a.jpg", (HttpContext http) => http.Response.Body.WriteAsync(Jpeg).AsTask());
        _origin.MapGet("/text", (HttpContext http) => http.Response.Body.WriteAsync(Text).AsTask());
        _origin.MapGet("/held.jpg", async (HttpContext http) =>
        {
            await _released.Task;
            await http.Response.Body.WriteAsync(Jpeg);
        });
        await _origin.StartAsync();
        Host = await IngestHost.StartAsync(null, Settings);
    }

    public async Task DisposeAsync()
    {
        _released.TrySetResult();
        await Host.DisposeAsync();
        await _origin.DisposeAsync();
    }

    /// <summary>Lets go what is held.</summary>
    private protected void Release() => _released.SetResult();

    /// <summary>How often a file was asked for.</summary>
    private protected int Fetched(string path) => _fetched.GetValueOrDefault(path);

    private protected async Task<Batch> SubmitAsync(HttpContent form) => await IsAcceptedAsync(await Host.Client.PostAsync("/v1/batches", form));

    private protected async Task<Batch> SubmitAsync(object body) => await IsAcceptedAsync(await Host.PostJsonAsync("/v1/batches", body));

    private protected Task<HttpResponseMessage> PostAsync(HttpContent form, string key) =>
        Host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = form, Headers = { { IdempotencyKey.Header, key } } });

    private protected async Task<Batch> GetAsync(string id) => Read<Batch>(await Host.Client.GetStringAsync($"/v1/batches/{id}"));

    private protected async Task<Batch> WaitAsync(string id, Func<Batch, bool> condition)
    {
        await Eventually.TrueAsync(async () => condition(await GetAsync(id)), "the batch is as expected");
        return await GetAsync(id);
    }

    private protected async Task<AnalysisRecord> RecordAsync(BatchItem item) => (await Host.Analyses.FindAsync("default", item.AnalysisId!, CancellationToken.None))!.Record;

    private protected async Task FinishAsync(string id, AnalysisStatus status, Verdict? verdict, double? score, IngestHost? host = null)
    {
        var state = (await (host ?? Host).Analyses.FindAsync(id, CancellationToken.None))!;
        var result = Submitter.Accepted(state.Record) with
        {
            Status = status,
            Stage = Stage.Done,
            Progress = 100,
            Verdict = verdict,
            DeepfakeScore = score,
            CompletedAt = DateTimeOffset.UtcNow,
            Error = status == AnalysisStatus.Failed ? new AnalysisError(ErrorCodes.StageFailed, "It broke.") : null,
        };
        Assert.True(await (host ?? Host).Analyses.TryFinishAsync(id, result, CancellationToken.None));
    }

    private protected async Task<string> UploadAsync(byte[] bytes)
    {
        using var created = await Host.PostJsonAsync("/v1/uploads/direct", new { size_bytes = bytes.Length });
        var upload = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement;
        using var put = await Host.Client.PutAsync(new Uri(upload.GetProperty("url").GetString()!), new ByteArrayContent(bytes));
        Assert.True(put.IsSuccessStatusCode);
        return upload.GetProperty("upload_id").GetString()!;
    }

    internal static async Task<Batch> IsAcceptedAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{response.StatusCode}: {text}");
        var batch = Read<Batch>(text);
        Assert.Matches("^ba_[0-9a-z]{26}$", batch.Id);
        Assert.Equal($"/v1/batches/{batch.Id}", response.Headers.Location?.OriginalString);
        return batch;
    }

    internal static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, DeepfakeJson.Options)!;

    internal static MultipartFormDataContent Form(params (string Name, string? FileName, byte[] Content)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, fileName, content) in parts)
        {
            if (fileName is null) form.Add(new ByteArrayContent(content), name);
            else form.Add(new ByteArrayContent(content), name, fileName);
        }

        return form;
    }
}
