using System.Net;
using System.Net.Http.Headers;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Fetching;

/// <summary>
/// Fetches a file from an address that a client named. Every hop is checked anew and connected to the very address that was checked;
/// size and time are bounded while it streams. What a forbidden address would have answered is never told.
/// </summary>
internal sealed partial class MediaFetcher : IDisposable
{
    private readonly GuardedHandler _guard;
    private readonly IngestOptions _options;
    private readonly IReadOnlySet<int>? _ports;
    private readonly TimeProvider _time;
    private readonly ILogger<MediaFetcher> _logger;
    private readonly HttpClient _client;
    private readonly FetchRoom _room;

    /// <summary>Prepares the connection pool.</summary>
    public MediaFetcher(GuardedHandler guard, IOptions<IngestOptions> options, TimeProvider time, ILogger<MediaFetcher> logger)
        : this(guard, guard.Create(), options, time, logger)
    {
    }

    /// <summary>The same over another handler.</summary>
    internal MediaFetcher(GuardedHandler guard, HttpMessageHandler handler, IOptions<IngestOptions> options, TimeProvider time, ILogger<MediaFetcher> logger)
    {
        (_guard, _options, _time, _logger) = (guard, options.Value, time, logger);
        _ports = options.Value.ReadUrlPorts();
        _room = new FetchRoom(options.Value.UrlConcurrency, time);
        if (handler is SocketsHttpHandler sockets) sockets.MaxResponseHeadersLength = 16; // KB
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Deepfake.Aspire-Fetch", "1.0"));
        _client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>Reads an address that a client gave.</summary>
    /// <exception cref="SubmissionRejectedException">It must not be fetched.</exception>
    public Uri Read(string text) => RemoteAddress.Read(text, _guard, _ports);

    /// <summary>Fetches a file and hands its bytes to <paramref name="take"/>.</summary>
    /// <param name="address">As <see cref="Read"/> answered it.</param>
    /// <param name="take">Takes the body; its exceptions pass through.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Cleaned name of the file; null where none was given.</returns>
    /// <exception cref="SubmissionRejectedException">Refused, out of reach, too slow or too large.</exception>
    public async Task<string?> FetchAsync(Uri address, Func<Stream, Task> take, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_options.UrlTimeout, _time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(address, stop.Token);
            RequireFile(response);
            await using var body = new FetchedStream(await response.Content.ReadAsStreamAsync(stop.Token), _time, stop.Token);
            try
            {
                await take(body);
            }
            catch (Exception) when (body.Failure is { } failure)
            {
                throw Explain(failure, patience.Token, cancellationToken);
            }

            return Name(response);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw Explain(e, patience.Token, cancellationToken);
        }
    }

    /// <summary>Waits until there is room for one more fetch of a tenant; disposing gives it back.</summary>
    /// <exception cref="SubmissionRejectedException">There is none for now.</exception>
    public Task<IDisposable> EnterAsync(string tenant, CancellationToken cancellationToken) => _room.EnterAsync(tenant, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var hop = 0; ; hop++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)) return response;
            using (response)
            {
                if (response.Headers.Location is not { } location) throw Unreachable("A redirect leads nowhere.");
                if (hop == _options.UrlRedirects) throw Unreachable($"There were more than {_options.UrlRedirects} redirects.");
                address = RemoteAddress.Follow(address, location, _guard, _ports);
            }
        }
    }

    private void RequireFile(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK) throw Unreachable($"The server answered {(int)response.StatusCode}.");
        if (response.Content.Headers.ContentEncoding.Any(encoding => encoding != "identity")) throw Unreachable("The server sent an encoding that was not asked for.");
        if (response.Content.Headers.ContentLength > _options.MaxBytes) throw UploadStream.TooLarge(_options.MaxBytes);
    }

    /// <summary>Why it did not work, without a word about what is inside.</summary>
    private Exception Explain(Exception failure, CancellationToken patience, CancellationToken client)
    {
        if (failure is SubmissionRejectedException) return failure;
        if (failure is TooSlowException) return Unreachable("The file came too slowly.", failure);
        client.ThrowIfCancellationRequested();
        if (ForbiddenAddressException.Caused(failure))
        {
            Log.Forbidden(_logger);
            return RemoteAddress.Forbidden("The address is not public.", failure);
        }

        return patience.IsCancellationRequested
            ? Unreachable(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The file did not come within {_options.UrlTimeout.TotalSeconds:0.###} s."), failure)
            : Unreachable("The server cannot be reached, or broke off.", failure);
    }

    private static string? Name(HttpResponseMessage response)
    {
        var disposition = response.Content.Headers.ContentDisposition;
        var path = response.RequestMessage!.RequestUri!.AbsolutePath;
        return FileNames.Clean(disposition?.FileNameStar ?? disposition?.FileName?.Trim('"') ?? Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]));
    }

    private static SubmissionRejectedException Unreachable(string detail, Exception? inner = null) => new(ErrorCodes.UrlUnreachable, detail, inner);

    private static partial class Log
    {
        [LoggerMessage(1050, LogLevel.Warning, "An address that a client named leads inside, and was not fetched")]
        public static partial void Forbidden(ILogger logger);
    }
}
