using System.Net.Http.Headers;
using System.Text.Json;

namespace Deepfake.Integration;

/// <summary>The addresses of the earlier systems on the embedded host, with the real pipeline behind them.</summary>
public sealed class OldClientsTests(OldClientsTests.Premises premises) : IClassFixture<OldClientsTests.Premises>
{
    [Theory]
    [InlineData("/api/analyze")]
    [InlineData("/predict")]
    [InlineData("/predict/image")]
    [InlineData("/predict/video")]
    [InlineData("/upload")]
    public async Task A_face_is_judged_no_face_is_not_and_a_corrupt_file_is_an_error(string path)
    {
        var isFilm = path is "/predict/video" or "/upload";
        var face = await OkAsync(path, isFilm ? premises.Film : premises.Photo);
        var none = await OkAsync(path, isFilm ? premises.EmptyFilm : premises.EmptyPhoto);
        var (status, problem) = await SendAsync(path, isFilm ? premises.BrokenFilm : premises.BrokenPhoto);

        // Whatever the score decides, there is one.
        Assert.DoesNotContain(face.GetProperty("reasons")[0].GetString(), (string[])["no_face", "models_unavailable", "face_too_small", "low_quality"]);
        Assert.Equal("inconclusive", none.GetProperty("verdict").GetString());
        Assert.Equal("no_face", none.GetProperty("reasons")[0].GetString());
        Assert.Equal(0, none.GetProperty("confidence").GetDouble());
        Assert.Equal(422, status);
        Assert.Contains(problem.GetProperty("code").GetString(), (string[])["media_truncated", "media_corrupt"]);
        foreach (var answer in new[] { face, none }) AssertRanges(path, answer, isFilm);
        if (path == "/predict") Assert.True(face.GetProperty("grad_cam_available").GetBoolean());
        if (path == "/upload") Assert.InRange(face.GetProperty("faces_detected").GetInt32(), 1, 100);
        if (path == "/upload") Assert.Equal(0, none.GetProperty("faces_detected").GetInt32());
    }

    [Fact]
    public async Task Several_files_are_a_list_of_answers_and_errors()
    {
        var (status, answer) = await SendAsync("/predict/batch", premises.Photo, premises.BrokenPhoto, premises.EmptyPhoto);

        Assert.Equal(200, status);
        Assert.Equal(3, answer.GetArrayLength());
        AssertRanges("/predict", answer[0], isFilm: false);
        Assert.Equal("media_truncated", answer[1].GetProperty("code").GetString());
        Assert.Equal("inconclusive", answer[2].GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task What_they_ask_besides_is_answered()
    {
        await OkAsync("/predict", premises.Photo);

        var health = await GetAsync("/health");
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        Assert.True(health.GetProperty("models").GetProperty("ready").GetBoolean());
        Assert.Equal("healthy", health.GetProperty("dependencies").GetProperty("database").GetString());
        Assert.False(string.IsNullOrEmpty(health.GetProperty("version").GetString()));
        var root = await GetAsync("/");
        Assert.All((string[])["service", "version", "status", "endpoints", "models"], name => Assert.True(root.TryGetProperty(name, out _), name));
        foreach (var path in new[] { "/api/models/info", "/info", "/model-info" })
        {
            var info = await GetAsync(path);
            Assert.NotEqual(0, info.GetProperty("models").GetArrayLength());
            Assert.All(info.GetProperty("models").EnumerateArray(), model => Assert.InRange(model.GetProperty("parameters").GetInt64(), 1, long.MaxValue));
            Assert.Equal("cpu", info.GetProperty("device").GetString());
            Assert.InRange(info.GetProperty("thresholds").GetProperty("manipulated").GetDouble(), info.GetProperty("thresholds").GetProperty("suspicious").GetDouble(), 100);
        }

        Assert.InRange((await GetAsync("/api/stats")).GetProperty("completed").GetInt64(), 1, long.MaxValue);
    }

    private static void AssertRanges(string path, JsonElement answer, bool isFilm)
    {
        var confidence = answer.GetProperty("confidence").GetDouble();
        switch (path)
        {
            case "/api/analyze":
                Assert.True(answer.GetProperty("is_deepfake").ValueKind is JsonValueKind.True or JsonValueKind.False);
                Assert.InRange(answer.GetProperty("deepfake_score").GetDouble(), 0, 100);
                Assert.InRange(confidence, 0, 100);
                Assert.Contains(answer.GetProperty("risk_level").GetString(), (string[])["LOW", "MEDIUM", "HIGH", "CRITICAL"]);
                break;
            case "/predict":
                Assert.Contains(answer.GetProperty("prediction").GetString(), (string[])["Real", "Deepfake"]);
                Assert.InRange(confidence, 0, 100);
                Assert.All((string[])["explanation", "filename", "model", "device"], name => Assert.NotEqual("", answer.GetProperty(name).GetString()));
                break;
            case "/upload":
                Assert.Contains(answer.GetProperty("prediction").GetString(), (string[])["Real", "Deepfake"]);
                Assert.InRange(confidence, 0, 1);
                Assert.InRange(answer.GetProperty("processing_time").GetDouble(), 0, 600);
                var frames = answer.GetProperty("frame_analysis");
                Assert.InRange(frames.GetProperty("suspicious_frames").GetInt32(), 0, frames.GetProperty("total_frames").GetInt32());
                break;
            default:
                Assert.Equal(isFilm ? "video" : "image", answer.GetProperty("file_type").GetString());
                Assert.InRange(answer.GetProperty("frames_processed").GetInt32(), 0, 10_000);
                Assert.InRange(confidence, 0, 1);
                Assert.Contains(answer.GetProperty("label").GetString(), (string[])["REAL", "FAKE"]);
                break;
        }
    }

    private async Task<JsonElement> OkAsync(string path, string file)
    {
        var (status, answer) = await SendAsync(path, file);
        Assert.True(status == 200, $"{path} {Path.GetFileName(file)}: {status} {answer}");
        return answer;
    }

    private async Task<(int Status, JsonElement Answer)> SendAsync(string path, params string[] files)
    {
        using var form = new MultipartFormDataContent();
        foreach (var file in files) form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(file)), files.Length > 1 ? "files" : "file", Path.GetFileName(file));
        using var response = await premises.Client.PostAsync(new Uri(path, UriKind.Relative), form);
        return ((int)response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } } };
        using var response = await premises.Client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    /// <summary>The embedded host, and media with a face, without one, and broken.</summary>
    public sealed class Premises : IAsyncLifetime
    {
        private readonly TemporaryFolder _data = new();
        private readonly TestMedia _media = new();
        private Host _host = null!;

        public HttpClient Client { get; private set; } = null!;

        public string Photo { get; private set; } = "";

        public string EmptyPhoto { get; private set; } = "";

        public string BrokenPhoto { get; private set; } = "";

        public string Film { get; private set; } = "";

        public string EmptyFilm { get; private set; } = "";

        public string BrokenFilm { get; private set; } = "";

        public async Task InitializeAsync()
        {
            (Photo, Film) = (await _media.PhotoAsync("face.jpg"), await _media.FilmAsync(seconds: 2));
            (EmptyPhoto, EmptyFilm) = (await _media.PatternAsync("pattern.jpg"), await _media.PatternAsync("pattern.mp4"));
            (BrokenPhoto, BrokenFilm) = (TestMedia.HalfOf(Photo), TestMedia.HalfOf(Film));
            _host = await Host.StartAsync("Standalone", new Dictionary<string, string> { ["DATA_PATH"] = _data.Path });
            Client = new HttpClient { BaseAddress = _host.Address, Timeout = TimeSpan.FromMinutes(2) };
        }

        public async Task DisposeAsync()
        {
            Client.Dispose();
            await _host.DisposeAsync();
            _media.Dispose();
            _data.Dispose();
        }
    }
}
