using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Threading.Channels;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>Follows an analysis: by server-sent events that resume where they broke off, and by polling where no stream comes through.</summary>
internal sealed class EventReader(ApiConnection connection, string id, ChannelWriter<AnalysisUpdate> updates)
{
    private const int BreaksWithoutEvent = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private long _last;

    /// <summary>Writes updates until the analysis is over, then completes the channel; an error completes it as well.</summary>
    public async Task RunAsync(long after, CancellationToken cancellationToken)
    {
        _last = after;
        try
        {
            for (var breaks = 0; breaks < BreaksWithoutEvent; breaks++)
            {
                var before = _last;
                if (await ReadStreamAsync(cancellationToken)) return;
                if (_last > before) breaks = 0;
                await Task.Delay(Pause, cancellationToken);
            }

            await PollAsync(cancellationToken);
        }
        catch (Exception e)
        {
            updates.TryComplete(e);
        }
        finally
        {
            updates.TryComplete();
        }
    }

    /// <returns>True when the analysis is over.</returns>
    private async Task<bool> ReadStreamAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await connection.SendAsync(Request, repeatable: true, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NoContent)
            {
                // The last event was read before: the record says it again.
                return Write(AnalysisUpdate.Of(await GetAsync(cancellationToken)));
            }

            if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") return false;
            await using var stream = new WatchfulStream(await response.Content.ReadAsStreamAsync(cancellationToken), connection.Options.EventSilence);
            await foreach (var item in SseParser.Create(stream, (_, data) => JsonSerializer.Deserialize<AnalysisUpdate>(data, ClientJson.Options)).EnumerateAsync(cancellationToken))
            {
                if (item.Data is null) continue;
                if (long.TryParse(item.EventId, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)) _last = sequence;
                if (Write(item.Data with { Sequence = _last })) return true;
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or JsonException && !cancellationToken.IsCancellationRequested)
        {
            // Broken off; the next stream begins behind the last event.
        }

        return false;
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        EntityTagHeaderValue? seen = null;
        while (true)
        {
            // The service holds the answer back until something changed.
            using var response = await connection.SendAsync(() =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/analyses/{id}?wait=30", UriKind.Relative));
                if (seen is not null) request.Headers.IfNoneMatch.Add(seen);
                return request;
            }, repeatable: true, cancellationToken);
            if (response.StatusCode != HttpStatusCode.NotModified && Write(AnalysisUpdate.Of(await ApiConnection.ReadAsync<Analysis>(response, cancellationToken)))) return;
            seen = response.Headers.ETag;
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private bool Write(AnalysisUpdate update)
    {
        updates.TryWrite(update);
        return update.IsOver;
    }

    private Task<Analysis> GetAsync(CancellationToken cancellationToken) =>
        connection.SendAsync<Analysis>(() => new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/analyses/{id}", UriKind.Relative)), repeatable: true, cancellationToken);

    private HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/analyses/{id}/events", UriKind.Relative));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (_last > 0) request.Headers.Add("Last-Event-ID", _last.ToString(CultureInfo.InvariantCulture));
        return request;
    }
}
