using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Integration;

public sealed class WholeSystemTests
{
    private const int Count = 60;

    [Fact]
    public async Task Sixty_media_end_once_each_while_workers_and_the_broker_are_killed()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        using var media = new TestMedia();
        var files = await media.MixedAsync(Count);
        await using var system = await WholeSystem.StartAsync();
        using var client = new ApiClient(system.Gateway.Address, system.Key);

        await client.AddWebhookAsync(system.Receiver.Prompt, WholeSystem.WebhookSecret, patience.Token);
        var stubborn = await client.AddWebhookAsync(system.Receiver.Stubborn, WholeSystem.WebhookSecret, patience.Token);
        var ids = new string[Count];
        var ended = new Analysis?[Count];
        var submitting = Task.Run(async () =>
        {
            for (var i = 0; i < Count; i++) ids[i] = await client.SubmitAsync(files[i].Path, patience.Token);
        }, patience.Token);
        try
        {
            await ReachAsync(6);
            foreach (var pool in new[] { system.FrameServices, system.InferenceWorkers, system.ForensicsWorkers }) await pool[0].KillAsync();
            foreach (var pool in new[] { system.FrameServices, system.InferenceWorkers, system.ForensicsWorkers }) await pool[0].StartAsync();
            await ReachAsync(20);
            await system.Broker.KillAsync();
            await system.Broker.RestartAsync();
            await submitting;
            await ReachAsync(Count);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{ended.Count(analysis => analysis is not null)} of {Count} ended in time.\n{system.Output}");
        }

        for (var i = 0; i < Count; i++)
        {
            var analysis = ended[i]!;
            Assert.True(analysis.Status == (files[i].Broken ? AnalysisStatus.Failed : AnalysisStatus.Completed), $"{files[i].Path}: {analysis.Status} {analysis.Error}");
            if (files[i].Broken) Assert.Equal(ErrorCodes.Truncated, analysis.Error!.Code);
            else Assert.NotNull(analysis.Verdict);
        }

        await EachEndedOnceAsync(client, ids, patience.Token);
        await EachWasToldAsync(system, client, ended!, stubborn, patience.Token);
        await NothingIsLeftOverAsync(system, client, ids, files, patience.Token);
        await EachHasOneTraceAsync(system, ids, patience.Token);
        await OldClientsAreAnsweredAsync(system, [files[4].Path, files[14].Path, files[0].Path], patience.Token);

        async Task ReachAsync(int count)
        {
            while (ended.Count(analysis => analysis is not null) < count)
            {
                for (var i = 0; i < Count; i++)
                {
                    if (ids[i] is null || ended[i] is not null) continue;
                    if (await client.FindAsync(ids[i], patience.Token) is { CompletedAt: not null } analysis) ended[i] = analysis;
                }

                if (submitting.IsFaulted) await submitting;
                await Task.Delay(200, patience.Token);
            }
        }
    }

    private static async Task EachEndedOnceAsync(ApiClient client, string[] ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            var events = await client.ReadEventsAsync(id, cancellationToken);
            Assert.Equal(1, events.Split('\n').Count(line => line.TrimEnd() is "event: completed" or "event: failed"));
        }

        // History is written after the record: the last ones may be on their way.
        var listed = await client.ListAsync(cancellationToken);
        while (listed.Count(summary => summary.CompletedAt is not null) < ids.Length)
        {
            await Task.Delay(200, cancellationToken);
            listed = await client.ListAsync(cancellationToken);
        }

        Assert.Equal(ids.Order(), listed.Select(summary => summary.Id).Order());
    }

    /// <summary>Of each end somebody is told who verifies it, also one who failed nine times before; nothing comes that does not verify.</summary>
    private static async Task EachWasToldAsync(WholeSystem system, ApiClient client, Analysis[] ended, string stubborn, CancellationToken cancellationToken)
    {
        var expected = ended.ToDictionary(analysis => "msg_" + analysis.Id, analysis => analysis.Status == AnalysisStatus.Failed ? "analysis.failed" : "analysis.completed");
        OfficialReceiver.Taken taken;
        while ((taken = await system.Receiver.ReadAsync(cancellationToken)).Prompt.Count < ended.Length || taken.Stubborn.Count < ended.Length) await Task.Delay(200, cancellationToken);

        Assert.Equal(expected.OrderBy(notice => notice.Key), taken.Prompt.OrderBy(notice => notice.Key));
        Assert.Equal(expected.OrderBy(notice => notice.Key), taken.Stubborn.OrderBy(notice => notice.Key));
        Assert.Equal((OfficialReceiver.Failures, 0), (taken.Failed, taken.Refused));
        // The log is written behind the answer.
        IReadOnlyList<int> attempts;
        while ((attempts = await client.ReadAttemptsAsync(stubborn, cancellationToken)).Count < ended.Length) await Task.Delay(200, cancellationToken);
        Assert.Equal(ended.Length + OfficialReceiver.Failures, attempts.Sum());
    }

    private static async Task NothingIsLeftOverAsync(
        WholeSystem system, ApiClient client, string[] ids, IReadOnlyList<(string Path, bool Broken)> files, CancellationToken cancellationToken)
    {
        using var store = new S3ObjectStore(S3ConnectionString.Parse(system.Blobs), TimeProvider.System, NullLogger<S3ObjectStore>.Instance);
        var failed = ids.Where((_, i) => files[i].Broken).ToHashSet();
        var kept = ids.Except(failed).ToHashSet();

        // What is kept belongs to an analysis that is completed; the packs that only the stages needed are gone.
        await UntilAsync(
            async () => (await KeysAsync(store, cancellationToken)).Where(key => !kept.Contains(key.Split('/')[1]) || key.EndsWith("/frames.safetensors", StringComparison.Ordinal)).ToList(),
            cancellationToken);

        foreach (var id in ids) await client.DeleteAsync(id, cancellationToken);
        await UntilAsync(() => KeysAsync(store, cancellationToken), cancellationToken);
    }

    private static async Task EachHasOneTraceAsync(WholeSystem system, string[] ids, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
        {
            while (system.Traces.TracesOf(id).Count == 0) await Task.Delay(100, cancellationToken);
            Assert.Single(system.Traces.TracesOf(id));
        }

        // A completed one was seen by every kind of service that reads the queue. SIGKILL takes unsent spans along, so not all were.
        string[] stages = ["FrameService", "InferenceWorker", "ForensicsWorker", "ResultService"];
        Assert.Contains(ids, id => stages.All(system.Traces.TracesOf(id).Values.Single().Contains));
    }

    /// <summary>The addresses of the earlier systems, and with one of them a batch, through the gateway: a photo, a broken one and a film.</summary>
    private static async Task OldClientsAreAnsweredAsync(WholeSystem system, string[] files, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway.Address, Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", system.Key);
        using var form = new MultipartFormDataContent();
        foreach (var file in files) form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(file, cancellationToken)), "files", Path.GetFileName(file));
        using var answer = await http.PostAsync(new Uri("/predict/batch", UriKind.Relative), form, cancellationToken);
        var entries = (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).EnumerateArray().ToList();
        Assert.Equal(files.Select(Path.GetFileName), entries.Select(entry => entry.GetProperty("filename").GetString()));
        Assert.Equal([null, ErrorCodes.Truncated, null], entries.Select(entry => entry.TryGetProperty("code", out var code) ? code.GetString() : null));

        using var film = new MultipartFormDataContent { { new ByteArrayContent(await File.ReadAllBytesAsync(files[2], cancellationToken)), "file", "film.mp4" } };
        using var upload = await http.PostAsync(new Uri("/upload", UriKind.Relative), film, cancellationToken);
        Assert.Equal(200, (int)upload.StatusCode);
        Assert.InRange((await upload.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("frame_analysis").GetProperty("total_frames").GetInt32(), 1, 1000);
    }

    private static async Task<List<string>> KeysAsync(S3ObjectStore store, CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        await foreach (var key in store.ListAsync("", cancellationToken)) keys.Add(key);
        return keys;
    }

    // A worker that was killed may have left an object of a failed analysis behind: the janitor comes for it.
    private static async Task UntilAsync(Func<Task<List<string>>> leftOver, CancellationToken cancellationToken)
    {
        var deadline = DateTime.UtcNow.AddMinutes(1);
        List<string> keys;
        while ((keys = await leftOver()).Count > 0 && DateTime.UtcNow < deadline) await Task.Delay(500, cancellationToken);
        Assert.Empty(keys);
    }
}
