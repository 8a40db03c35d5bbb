using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Compat;
using Deepfake.IngestService.Idempotency;

namespace Deepfake.IngestService.Tests.Compat;

public sealed class OldEndpointTests : IAsyncLifetime
{
    private static readonly byte[] Png = SampleMedia.Make("png:-frames:v 1");
    private static readonly byte[] Film = SampleMedia.Make("mp4");
    private readonly CancellationTokenSource _stop = new();
    private IngestHost _host = null!;
    private Task _work = Task.CompletedTask;

    public async Task InitializeAsync() => _host = await IngestHost.StartAsync(null, ("Ingest:AnswerWait", "00:00:20"));

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        await _host.DisposeAsync();
        _stop.Dispose();
    }

    [Theory]
    [InlineData("/api/analyze", "is_deepfake")]
    [InlineData("/predict", "prediction")]
    [InlineData("/predict/video", "label")]
    [InlineData("/upload", "frame_analysis")]
    public async Task A_file_is_answered_in_the_old_shape_when_it_is_over(string path, string field)
    {
        Work(record => OldShapeTests.Completed(Verdict.Manipulated, 0.97));

        using var response = await PostAsync(path, Film, "clip.mp4");

        var answer = await OkAsync(response);
        Assert.True(answer.TryGetProperty(field, out _), answer.ToString());
        var id = answer.GetProperty("analysis_id").GetString()!;
        Assert.Equal($"/v1/analyses/{id}", response.Content.Headers.ContentLocation?.OriginalString);
        Assert.True(response.Headers.CacheControl?.NoStore);
        var record = (await _host.Analyses.FindAsync(id, CancellationToken.None))!.Record;
        Assert.Equal(("clip.mp4", Lane.Interactive), (record.FileName, record.Lane));
    }

    [Theory]
    [InlineData("video", "clip.mp4")]
    [InlineData("file", "clip.mp4")]
    [InlineData("image", "a.png")]
    public async Task The_part_may_have_any_name_and_options_hold(string name, string fileName)
    {
        Work(_ => OldShapeTests.Completed(Verdict.Authentic, 0.1));
        using var form = new MultipartFormDataContent { { new StringContent("case 7"), "reference" }, { new ByteArrayContent(Png), name, fileName } };

        var answer = await OkAsync(await _host.Client.PostAsync("/predict", form));

        Assert.Equal("case 7", (await _host.Analyses.FindAsync(answer.GetProperty("analysis_id").GetString()!, CancellationToken.None))!.Record.Reference);
    }

    [Theory]
    [InlineData("/api/analyze")]
    [InlineData("/predict")]
    [InlineData("/predict/image")]
    [InlineData("/predict/video")]
    [InlineData("/upload")]
    public async Task When_the_wait_runs_out_the_answer_is_where_the_result_will_be(string path)
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:AnswerWait", "00:00:00.100"));

        var analysis = await Answers.IsAcceptedAsync(await PostAsync(path, path == "/predict/image" ? Png : Film, "a", host));

        Assert.Equal(1, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        await host.Inbox.WaitForAsync(analysis.Id);
    }

    [Fact]
    public async Task Errors_are_those_of_every_submission()
    {
        await Answers.IsProblemAsync(await PostAsync("/predict", "just text"u8.ToArray(), "a.jpg"), 415, ErrorCodes.UnsupportedMedia);
        await Answers.IsProblemAsync(await PostAsync("/upload", [], "a.mp4"), 400, ErrorCodes.EmptyBody);
        await Answers.IsProblemAsync(await _host.Client.PostAsync("/api/analyze", new MultipartFormDataContent { { new StringContent("x"), "y" } }), 400, ErrorCodes.MissingFile);
        await Answers.IsProblemAsync(await _host.Client.PostAsync("/predict", new StringContent("{\"url\":\"https://example.org/\"}", null, "application/json")), 415, ErrorCodes.UnsupportedMedia);
        await Answers.IsProblemAsync(await PostAsync("/predict/image", Film, "a.mp4"), 415, ErrorCodes.UnsupportedMedia);
        await Answers.IsProblemAsync(await PostAsync("/predict/video", Png, "a.png"), 415, ErrorCodes.UnsupportedMedia);
        await Answers.IsProblemAsync(await PostAsync("/upload", Png, "a.png"), 415, ErrorCodes.UnsupportedMedia);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task An_analysis_that_fails_is_answered_with_its_error()
    {
        Work(_ => Failed(ErrorCodes.Corrupt));

        using var response = await PostAsync("/predict", Png, "a.png");

        await Answers.IsProblemAsync(response, 422, ErrorCodes.Corrupt);
        Assert.Matches("^/v1/analyses/an_", response.Content.Headers.ContentLocation?.OriginalString); // so that it counts as taken in
    }

    [Fact]
    public async Task An_analysis_that_somebody_cancels_is_answered_as_having_no_verdict()
    {
        Work(_ => OldShapeTests.Completed(Verdict.Authentic, 0) with { Status = AnalysisStatus.Cancelled, Verdict = null });

        await Answers.IsProblemAsync(await PostAsync("/api/analyze", Png, "a.png"), 409, ErrorCodes.NoVerdict);
    }

    [Fact]
    public async Task A_replay_waits_for_the_same_analysis()
    {
        var requests = Enumerable.Range(0, 5).Select(_ => PostAsync("/predict", Png, "a.png", headers: (IdempotencyKey.Header, "k"))).ToList();
        await Eventually.TrueAsync(async () => await _host.Analyses.CountUnfinishedAsync(CancellationToken.None) == 1, "it is accepted");
        Work(_ => OldShapeTests.Completed(Verdict.Authentic, 0.1));

        var answers = await Task.WhenAll(requests.Select(async request => (await OkAsync(await request)).GetProperty("analysis_id").GetString()));

        Assert.Single(answers.Distinct());
        Assert.Single(_host.Uploads());
    }

    [Fact]
    public async Task A_client_that_does_not_wait_changes_nothing_for_the_analysis()
    {
        using var impatience = new CancellationTokenSource();
        var request = PostAsync("/predict", Png, "a.png", stop: impatience.Token);
        await Eventually.TrueAsync(async () => await _host.Analyses.CountUnfinishedAsync(CancellationToken.None) == 1, "it is accepted");
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);

        await _host.Inbox.WaitForAsync((await _host.Analyses.FindUnfinishedAsync(1, CancellationToken.None))[0].Record.Id);
    }

    [Fact]
    public async Task A_store_that_breaks_while_waiting_sends_the_client_to_the_address()
    {
        _host.Breaks.Analyses.Add("WatchAsync");

        await Answers.IsAcceptedAsync(await PostAsync("/predict", Png, "a.png"));
    }

    [Fact]
    public async Task A_host_that_stops_does_not_keep_its_clients_waiting()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var host = await IngestHost.StartAsync(folder, ("Ingest:AnswerWait", "00:01:40"));
        var request = PostAsync("/predict", Png, "a.png", host);
        await Eventually.TrueAsync(async () => await host.Analyses.CountUnfinishedAsync(CancellationToken.None) == 1, "it is accepted");

        var stopping = host.StopServingAsync();

        await Answers.IsAcceptedAsync(await request);
        await stopping;
        await host.DisposeAsync();
    }

    [Fact]
    public async Task Several_files_each_have_their_answer_or_their_error()
    {
        Work(record => record.FileName == "broken.mp4" ? Failed(ErrorCodes.Truncated) : OldShapeTests.Completed(Verdict.Authentic, 0.1));
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(Png), "files", "same.png" }, { new ByteArrayContent("text"u8.ToArray()), "files", "b.txt" },
            { new ByteArrayContent(Film), "files", "broken.mp4" }, { new ByteArrayContent(Png), "files", "same.png" },
        };

        var answer = await OkAsync(await _host.Client.PostAsync("/predict/batch", form));

        Assert.Equal(["same.png", "b.txt", "broken.mp4", "same.png"], answer.EnumerateArray().Select(entry => entry.GetProperty("filename").GetString()));
        Assert.Equal([null, ErrorCodes.UnsupportedMedia, ErrorCodes.Truncated, null], answer.EnumerateArray().Select(entry => entry.TryGetProperty("code", out var code) ? code.GetString() : null));
        Assert.All(answer.EnumerateArray(), entry => Assert.NotEqual(entry.TryGetProperty("error", out _), entry.TryGetProperty("prediction", out _)));
    }

    [Fact]
    public async Task Several_files_that_take_too_long_are_a_batch_to_come_back_to()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:AnswerWait", "00:00:00.100"));
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Png), "files", "a.png" }, { new ByteArrayContent("text"u8.ToArray()), "files", "b.txt" } };

        using var response = await host.Client.PostAsync("/predict/batch", form);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var batch = JsonSerializer.Deserialize<Batch>(await host.Client.GetStringAsync(response.Headers.Location), DeepfakeJson.Options)!;
        Assert.Equal([BatchItemStatus.Accepted, BatchItemStatus.Rejected], batch.Items!.Select(item => item.Status));
        Assert.Equal(Lane.Interactive, (await host.Analyses.FindUnfinishedAsync(1, CancellationToken.None))[0].Record.Lane);
    }

    [Fact]
    public async Task Files_of_a_key_with_little_room_take_turns()
    {
        Work(_ => OldShapeTests.Completed(Verdict.Authentic, 0.1));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/predict/batch")
        {
            Content = new MultipartFormDataContent { { new ByteArrayContent(Png), "files", "a.png" }, { new ByteArrayContent(Png), "files", "b.png" }, { new ByteArrayContent(Png), "files", "c.png" } },
            Headers = { { IngestHost.TenantHeader, "acme" }, { IngestHost.ConcurrencyHeader, "1" } },
        };

        var answer = await OkAsync(await _host.Client.SendAsync(request));

        Assert.Equal(["Real", "Real", "Real"], answer.EnumerateArray().Select(entry => entry.GetProperty("prediction").GetString()));
    }

    [Fact]
    public async Task Statistics_and_models_tell_what_the_history_knows()
    {
        await _host.History.SaveAsync("default", OldShapeTests.Completed(Verdict.Manipulated, 0.97), CancellationToken.None);
        await _host.History.SaveAsync("default", OldShapeTests.Completed(Verdict.Authentic, 0.1) with { Id = "an_2" }, CancellationToken.None);
        await _host.History.SaveAsync("other", OldShapeTests.Completed(Verdict.Authentic, 0.1) with { Id = "an_3" }, CancellationToken.None);

        var stats = JsonSerializer.Deserialize<DetectionStats>(await _host.Client.GetStringAsync("/api/stats"), DeepfakeJson.Options)!;
        Assert.Equal((2, 2, 1, 1, 0.5, 3.5), (stats.TotalAnalyses, stats.Completed, stats.DeepfakesDetected, stats.Authentic, stats.DetectionRate, stats.AverageProcessingTime));
        foreach (var path in new[] { "/api/models/info", "/model-info", "/info" })
        {
            var info = JsonSerializer.Deserialize<ModelsInfo>(await _host.Client.GetStringAsync(path), DeepfakeJson.Options)!;
            Assert.Equal(["swap", "spectrum", "broken"], info.Models.Select(model => model.Name));
            Assert.Equal(("cpu", new ScoreThresholds(75, 90), 1.0), (info.Device, info.Thresholds, info.Weights["swap"]));
        }
    }

    [Fact]
    public async Task Before_the_first_result_the_models_folder_tells()
    {
        var folder = Directory.CreateTempSubdirectory("models-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "swap"));
        Directory.CreateDirectory(Path.Combine(folder, "half"));
        await File.WriteAllTextAsync(Path.Combine(folder, "swap", "model.json"), """{"name":"swap","version":"1.0.0","architecture":"net","parameters":12}""");
        await File.WriteAllTextAsync(Path.Combine(folder, "half", "model.json"), "{");
        await File.WriteAllTextAsync(Path.Combine(folder, "fusion.json"), """{"models":{"swap":0.9},"thresholds":{"suspicious":0.7,"manipulated":0.95}}""");
        await using var host = await IngestHost.StartAsync(null, ("Models:Path", folder));

        var info = JsonSerializer.Deserialize<ModelsInfo>(await host.Client.GetStringAsync("/api/models/info"), DeepfakeJson.Options)!;

        Assert.Equal(new ModelInfo("swap", "1.0.0", "net", 12, 0.9), Assert.Single(info.Models));
        Assert.Equal((12, null, new ScoreThresholds(70, 95)), (info.Parameters, info.Device, info.Thresholds));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_threshold_that_is_none_stops_the_host()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => IngestHost.StartAsync(null, ("PREDICTION_THRESHOLD", "60")));
        Assert.Contains("PREDICTION_THRESHOLD", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Stands for the workers: ends what comes in.</summary>
    private void Work(Func<AnalysisRecord, Analysis> result) => _work = Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var state in await _host.Analyses.FindUnfinishedAsync(10, CancellationToken.None))
                await _host.Analyses.TryFinishAsync(state.Record.Id, result(state.Record) with { Id = state.Record.Id, FileName = state.Record.FileName }, CancellationToken.None);
            await Task.WhenAny(Task.Delay(20, _stop.Token));
        }
    });

    private static Analysis Failed(string code) => OldShapeTests.Completed(Verdict.Authentic, 0) with { Status = AnalysisStatus.Failed, Verdict = null, Error = new AnalysisError(code, "It broke.") };

    private Task<HttpResponseMessage> PostAsync(string path, byte[] file, string name, IngestHost? host = null, CancellationToken stop = default, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new MultipartFormDataContent { { new ByteArrayContent(file), "file", name } } };
        foreach (var (key, value) in headers) request.Headers.Add(key, value);
        return (host ?? _host).Client.SendAsync(request, stop);
    }

    private static async Task<JsonElement> OkAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}
