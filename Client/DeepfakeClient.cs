using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>
/// A client of the service, for any number of threads. Refusals are <see cref="DeepfakeApiException"/>; what may be repeated is repeated
/// before that, as the service asks.
/// </summary>
public sealed class DeepfakeClient : IDisposable
{
    private const int LargestPage = 200;
    private readonly HttpClient _http;
    private readonly ApiConnection _connection;

    /// <summary>Connects to a service.</summary>
    /// <param name="server">Its address, for example <c>http://localhost:8080</c>.</param>
    /// <param name="apiKey"><c>dfk_…</c>; null for a service on this machine that asks for none.</param>
    /// <param name="options">How to behave; null for the defaults.</param>
    public DeepfakeClient(Uri server, string? apiKey = null, DeepfakeClientOptions? options = null)
        : this(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(10), ConnectTimeout = TimeSpan.FromSeconds(10) }, server, apiKey, options)
    {
    }

    /// <summary>The same over a handler of one's own, which is disposed with the client.</summary>
    public DeepfakeClient(HttpMessageHandler handler, Uri server, string? apiKey = null, DeepfakeClientOptions? options = null)
    {
        // Uploads and event streams take as long as they take; the caller's token ends them.
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Deepfake.Client", typeof(DeepfakeClient).Assembly.GetName().Version?.ToString(3)));
        if (!string.IsNullOrEmpty(apiKey)) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        _connection = new ApiConnection(_http, options ?? new DeepfakeClientOptions());
    }

    /// <summary>Submits a file. What breaks off is repeated, and large files go on where they broke off; it becomes one analysis all the same.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What is wanted; null for nothing special.</param>
    /// <param name="progress">How far the upload is.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The accepted analysis; with <see cref="SubmitOptions.Reuse"/> perhaps a finished one.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<Analysis> SubmitFileAsync(string path, SubmitOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SubmitOptions();
        var length = new FileInfo(path).Length;
        var name = options.FileName ?? Path.GetFileName(path);
        if (length >= _connection.Options.ResumableFrom && options is { Reuse: false, IdempotencyKey: null } && await ResumableUpload.IsOfferedAsync(_connection, cancellationToken))
            return await GetAsync(await new ResumableUpload(_connection, path, name, options, progress).SendAsync(cancellationToken), cancellationToken);

        var key = options.IdempotencyKey ?? Guid.NewGuid().ToString("N");
        return await _connection.SendAsync<Analysis>(() => Submission(File.OpenRead(path), length, name, key, options, progress), repeatable: true, cancellationToken);
    }

    /// <summary>Submits what a stream holds from its position on. Tried once: use a file, or an <see cref="SubmitOptions.IdempotencyKey"/> and your own repetition.</summary>
    /// <param name="content">A stream that knows its length; it is disposed.</param>
    /// <param name="options">What is wanted; null for nothing special.</param>
    /// <param name="progress">How far the upload is.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<Analysis> SubmitAsync(Stream content, SubmitOptions? options = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new SubmitOptions();
        return _connection.SendAsync<Analysis>(
            () => Submission(content, content.Length - content.Position, options.FileName, options.IdempotencyKey, options, progress), repeatable: false, cancellationToken);
    }

    /// <summary>An analysis: what is known by now, or the final record.</summary>
    /// <param name="id">Its id, or the address that a submission answered.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<Analysis> GetAsync(string id, CancellationToken cancellationToken = default) => GetAsync<Analysis>(id.StartsWith('/') ? id : Address(id), cancellationToken);

    /// <summary>Follows an analysis to its end.</summary>
    /// <param name="id">The analysis.</param>
    /// <param name="after">Only events behind this one (<see cref="AnalysisUpdate.Sequence"/>); 0 for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<AnalysisUpdate> WatchAsync(string id, long after = 0, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var updates = Channel.CreateUnbounded<AnalysisUpdate>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        var reading = new EventReader(_connection, id, updates.Writer).RunAsync(after, stop.Token);
        try
        {
            await foreach (var update in updates.Reader.ReadAllAsync(cancellationToken)) yield return update;
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    /// <summary>Waits for the end of an analysis.</summary>
    /// <param name="id">The analysis.</param>
    /// <param name="progress">Told of every event.</param>
    /// <param name="cancellationToken">Cancels the waiting, not the analysis.</param>
    /// <returns>The final record, of a failed or cancelled analysis as well.</returns>
    public async Task<Analysis> WaitAsync(string id, IProgress<AnalysisUpdate>? progress = null, CancellationToken cancellationToken = default)
    {
        await foreach (var update in WatchAsync(id, cancellationToken: cancellationToken)) progress?.Report(update);
        return await GetAsync(id, cancellationToken);
    }

    /// <summary>One page of analyses, newest first.</summary>
    public Task<AnalysisPage> ListPageAsync(AnalysisQuery? query = null, string? cursor = null, int limit = 50, CancellationToken cancellationToken = default) =>
        GetAsync<AnalysisPage>("/v1/analyses" + (query ?? new AnalysisQuery()).Query(limit, cursor), cancellationToken);

    /// <summary>All analyses, newest first, a page at a time.</summary>
    public async IAsyncEnumerable<AnalysisSummary> ListAsync(AnalysisQuery? query = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (string? cursor = null; ;)
        {
            var page = await ListPageAsync(query, cursor, LargestPage, cancellationToken);
            foreach (var item in page.Items) yield return item;
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }

    /// <summary>Ends a running analysis.</summary>
    public Task<Analysis> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        _connection.SendAsync<Analysis>(() => new HttpRequestMessage(HttpMethod.Post, Relative(Address(id) + "/cancel")), repeatable: false, cancellationToken);

    /// <summary>Removes an analysis with its medium, pictures and records.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken = default)
    {
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Relative(Address(id))), repeatable: false, cancellationToken);
    }

    /// <summary>Writes the report of an analysis that is over, one HTML file, to a stream.</summary>
    public async Task SaveReportAsync(string id, Stream target, CancellationToken cancellationToken = default)
    {
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Relative(Address(id) + "/report")), repeatable: true, cancellationToken);
        await response.Content.CopyToAsync(target, cancellationToken);
    }

    /// <summary>Makes an API key.</summary>
    public Task<CreatedKey> CreateKeyAsync(KeyRequest key, CancellationToken cancellationToken = default) => _connection.SendAsync<CreatedKey>(
        () => new HttpRequestMessage(HttpMethod.Post, Relative("/v1/keys")) { Content = JsonContent.Create(key, options: ClientJson.Options) }, repeatable: false, cancellationToken);

    /// <summary>All keys the caller may see.</summary>
    public async IAsyncEnumerable<KeyDescription> ListKeysAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (string? cursor = null; ;)
        {
            var page = await GetAsync<KeyPage>($"/v1/keys?limit={LargestPage}&cursor={cursor}", cancellationToken);
            foreach (var item in page.Items) yield return item;
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }

    /// <summary>Gives a key a new secret; the former one holds for a while.</summary>
    /// <param name="id">Public id of the key.</param>
    /// <param name="grace">How long the former secret holds; null for what the service has set.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task<CreatedKey> RotateKeyAsync(string id, TimeSpan? grace = null, CancellationToken cancellationToken = default) => _connection.SendAsync<CreatedKey>(
        () => new HttpRequestMessage(HttpMethod.Post, Relative($"/v1/keys/{Uri.EscapeDataString(id)}/rotate" + (grace is { } time ? $"?grace_seconds={(long)time.TotalSeconds}" : ""))),
        repeatable: false, cancellationToken);

    /// <summary>Revokes a key.</summary>
    public async Task RevokeKeyAsync(string id, CancellationToken cancellationToken = default)
    {
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Relative($"/v1/keys/{Uri.EscapeDataString(id)}")), repeatable: true, cancellationToken);
    }

    /// <summary>The models of the service, loaded or not (scope <c>operator</c>, as for all that follows).</summary>
    public Task<RegisteredModel.ModelList> ListModelsAsync(CancellationToken cancellationToken = default) => GetAsync<RegisteredModel.ModelList>("/v1/models", cancellationToken);

    /// <summary>Lets the service fetch a model, try it and take it in; that takes as long as the download.</summary>
    public Task<RegisteredModel> AddModelAsync(ModelAddition model, CancellationToken cancellationToken = default) => _connection.SendAsync<RegisteredModel>(
        () => new HttpRequestMessage(HttpMethod.Post, Relative("/v1/models")) { Content = JsonContent.Create(model, options: ClientJson.Options) }, repeatable: false, cancellationToken);

    /// <summary>Enables, disables or weighs a model.</summary>
    public Task<RegisteredModel> ChangeModelAsync(string name, ModelSettings change, CancellationToken cancellationToken = default) => _connection.SendAsync<RegisteredModel>(
        () => new HttpRequestMessage(HttpMethod.Patch, Relative(ModelAddress(name))) { Content = JsonContent.Create(change, options: ClientJson.Options) }, repeatable: true, cancellationToken);

    /// <summary>Removes a model with its files.</summary>
    public async Task RemoveModelAsync(string name, CancellationToken cancellationToken = default)
    {
        using var response = await _connection.SendAsync(() => new HttpRequestMessage(HttpMethod.Delete, Relative(ModelAddress(name))), repeatable: false, cancellationToken);
    }

    /// <summary>Lets the service load its models folder anew.</summary>
    public Task<RegisteredModel.ModelList> ReloadModelsAsync(CancellationToken cancellationToken = default) => _connection.SendAsync<RegisteredModel.ModelList>(
        () => new HttpRequestMessage(HttpMethod.Post, Relative("/v1/models/reload")), repeatable: true, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string ModelAddress(string name) => "/v1/models/" + Uri.EscapeDataString(name);

    private static HttpRequestMessage Submission(Stream content, long length, string? name, string? key, SubmitOptions options, IProgress<TransferProgress>? progress)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Relative("/v1/analyses" + options.Query())) { Content = new CountingContent(content, length, 0, length, progress) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (!string.IsNullOrEmpty(name)) request.Headers.Add("X-Filename", Uri.EscapeDataString(name));
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return request;
    }

    private Task<T> GetAsync<T>(string address, CancellationToken cancellationToken) =>
        _connection.SendAsync<T>(() => new HttpRequestMessage(HttpMethod.Get, Relative(address)), repeatable: true, cancellationToken);

    private static string Address(string id) => "/v1/analyses/" + Uri.EscapeDataString(id);

    private static Uri Relative(string address) => new(address, UriKind.Relative);
}
