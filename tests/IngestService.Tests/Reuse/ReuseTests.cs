using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Tests.Reuse;

public sealed class ReuseTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private readonly DirectoryInfo _models = Directory.CreateTempSubdirectory("models-");
    private IngestHost _host = null!;

    public async Task InitializeAsync()
    {
        foreach (var (name, version) in new[] { ("net-a", "1.0"), ("net-b", "2.1") })
            await File.WriteAllTextAsync(Path.Combine(_models.CreateSubdirectory(name).FullName, "model.json"), $$"""{"name":"{{name}}","version":"{{version}}","other":[1]}""");
        _host = await IngestHost.StartAsync(null, ("Models:Path", _models.FullName));
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _models.Delete(recursive: true);
    }

    [Fact]
    public async Task The_finished_result_of_the_same_content_is_answered_at_once()
    {
        await SaveAsync(Finished("an_old") with { CreatedAt = DateTimeOffset.UtcNow.AddDays(-1) });
        await SaveAsync(Finished("an_new"));

        using var response = await _host.PostRawAsync(Jpeg, "?reuse=true");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var analysis = JsonSerializer.Deserialize<Analysis>(await response.Content.ReadAsStringAsync(), DeepfakeJson.Options)!;
        Assert.Equal(("an_new", AnalysisStatus.Completed, Verdict.Manipulated), (analysis.Id, analysis.Status, analysis.Verdict));
        Assert.Equal("true", Assert.Single(response.Headers.GetValues(SubmitEndpoint.ReusedHeader)));
        Assert.Equal("/v1/analyses/an_new", response.Content.Headers.ContentLocation?.OriginalString);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Nothing_is_reused_unless_asked_for()
    {
        await SaveAsync(Finished("an_old"));

        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg));
        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reuse=false"));
        await Answers.IsProblemAsync(await _host.PostRawAsync(Jpeg, "?reuse=1"), 400, ErrorCodes.InvalidRequest);
    }

    public static TheoryData<string> Differences => ["content", "version", "fewer models", "more models", "model error", "forensics missing", "models missing", "options", "failed"];

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_result_that_a_new_analysis_might_not_repeat_is_not_reused(string difference)
    {
        var result = Finished("an_old");
        await SaveAsync(difference switch
        {
            "content" => result with { Media = result.Media with { Sha256 = new string('0', 64) } },
            "version" => result with { Models = [result.Models[0] with { Version = "0.9" }, result.Models[1]] },
            "fewer models" => result with { Models = [result.Models[0]] },
            "more models" => result with { Models = [.. result.Models, result.Models[0] with { Name = "retired" }] },
            "model error" => result with { Models = [result.Models[0], result.Models[1] with { Score = null, Error = "gone" }] },
            "forensics missing" => result with { Reasons = [ReasonCodes.HighFaceScore, ReasonCodes.ForensicsMissing] },
            "models missing" => result with { Reasons = [ReasonCodes.HighFaceScore, ReasonCodes.ModelsMissing] },
            "options" => result with { Options = new AnalysisOptions { Profile = ThresholdProfile.Sensitive } },
            "failed" => result with { Status = AnalysisStatus.Failed },
            _ => throw new ArgumentOutOfRangeException(nameof(difference)),
        });

        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reuse=true"));
    }

    [Fact]
    public async Task Options_that_match_are_reused()
    {
        await SaveAsync(Finished("an_old") with { Options = new AnalysisOptions { Profile = ThresholdProfile.Strict, HeatMaps = false } });

        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reuse=true&profile=strict"));
        Assert.Equal(HttpStatusCode.OK, (await _host.PostRawAsync(Jpeg, "?reuse=true&profile=strict&heat_maps=false&reference=other")).StatusCode);
    }

    [Fact]
    public async Task A_picture_without_a_face_needs_no_models_to_be_reused()
    {
        await SaveAsync(Finished("an_old") with { Models = [], Reasons = [ReasonCodes.NoFace], Verdict = Verdict.Inconclusive });

        Assert.Equal(HttpStatusCode.OK, (await _host.PostRawAsync(Jpeg, "?reuse=true")).StatusCode);
    }

    [Fact]
    public async Task Models_that_are_switched_off_or_being_added_are_none_of_todays()
    {
        await SaveAsync(Finished("an_old"));
        var added = Path.Combine(_models.CreateSubdirectory(".new-net-c").FullName, "model.json");
        await File.WriteAllTextAsync(added, """{"name":"net-c","version":"1.0"}""");
        Assert.Equal(HttpStatusCode.OK, (await _host.PostRawAsync(Jpeg, "?reuse=true")).StatusCode);

        await File.WriteAllTextAsync(Path.Combine(_models.FullName, "registry.json"), """{"net-b":{"enabled":false},"net-a":{"enabled":true,"weight":2}}""");
        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reuse=true"));
        var result = Finished("an_since");
        await SaveAsync(result with { Models = [result.Models[0]] });
        Assert.Equal(HttpStatusCode.OK, (await _host.PostRawAsync(Jpeg, "?reuse=true")).StatusCode);
    }

    [Fact]
    public async Task Another_tenant_never_gets_it()
    {
        await SaveAsync(Finished("an_old"));

        await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reuse=true", "image/jpeg", (IngestHost.TenantHeader, "other")));
    }

    [Fact]
    public async Task A_replay_of_a_reused_answer_is_the_same_answer()
    {
        await SaveAsync(Finished("an_old"));
        using var first = await _host.PostRawAsync(Jpeg, "?reuse=true", "image/jpeg", (IdempotencyKey.Header, "k"));
        await SaveAsync(Finished("an_newer") with { CreatedAt = DateTimeOffset.UtcNow.AddMinutes(1) });

        using var again = await _host.PostRawAsync(Jpeg, "?reuse=true", "image/jpeg", (IdempotencyKey.Header, "k"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.False(first.Headers.Contains(SubmitEndpoint.ReplayedHeader));
        Assert.True(again.Headers.Contains(SubmitEndpoint.ReplayedHeader));
    }

    [Fact]
    public async Task What_was_deleted_is_not_answered_again()
    {
        await SaveAsync(Finished("an_old") with { FileName = "secret.jpg", Reference = "case 7" });
        using var first = await _host.PostRawAsync(Jpeg, "?reuse=true", "image/jpeg", (IdempotencyKey.Header, "k"));
        Assert.Contains("secret.jpg", await first.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await _host.History.DeleteAsync("default", "an_old", CancellationToken.None);

        await Answers.IsProblemAsync(await _host.PostRawAsync(Jpeg, "?reuse=true", "image/jpeg", (IdempotencyKey.Header, "k")), 404, ErrorCodes.NotFound);
        var claim = await _host.Documents<IdempotencyClaim>().FindAsync("default", IdempotencyKey.DocumentId("analysis", "k"), CancellationToken.None);
        Assert.Equal(("an_old", true, null), (claim!.Value.AnalysisId, claim.Value.IsReused, claim.Value.Answer));
    }

    [Fact]
    public async Task Without_a_models_folder_the_newest_analysis_tells_the_models()
    {
        await using var host = await IngestHost.StartAsync(null, ("Models:Path", "/nowhere"));
        var result = Finished("an_old");
        await host.History.SaveAsync("default", result, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, (await host.PostRawAsync(Jpeg, "?reuse=true")).StatusCode);

        var newer = Finished("an_newer") with
        {
            CreatedAt = DateTimeOffset.UtcNow.AddMinutes(1),
            Media = result.Media with { Sha256 = new string('0', 64) },
            Models = [result.Models[0] with { Version = "3" }],
        };
        await host.History.SaveAsync("default", newer, CancellationToken.None);
        await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg, "?reuse=true"));
    }

    private Task SaveAsync(Analysis analysis) => _host.History.SaveAsync("default", analysis, CancellationToken.None);

    private static Analysis Finished(string id) => new()
    {
        Id = id,
        Status = AnalysisStatus.Completed,
        Stage = Stage.Done,
        Progress = 100,
        Media = new MediaSummary { Kind = MediaKind.Image, Format = MediaFormat.Jpeg, Sha256 = Convert.ToHexStringLower(SHA256.HashData(Jpeg)), SizeBytes = Jpeg.Length },
        Verdict = Verdict.Manipulated,
        Reasons = [ReasonCodes.HighFaceScore],
        Models =
        [
            new ModelResult { Name = "net-a", Version = "1.0", Provider = "cpu", Score = 0.9, Weight = 1 },
            new ModelResult { Name = "net-b", Version = "2.1", Provider = "cuda", Score = 0.8, Weight = 1 },
        ],
        CreatedAt = DateTimeOffset.UtcNow,
        CompletedAt = DateTimeOffset.UtcNow,
    };
}
