using System.Text.Json;
using Deepfake.Standalone.Evaluate;

namespace Deepfake.Standalone.Tests.Evaluate;

public sealed class EvaluateCommandTests
{
    [Fact]
    public async Task A_folder_is_scored_by_the_whole_product_and_written_down()
    {
        using var set = new SetFolder("fake/broken/none.jpg", "real/He said \"hi\".jpg", "real/a\\b.jpg", "real/two\nlines.jpg");
        File.Copy(Repository.Photo(1), set.Place("real/one.jpg"));
        File.Copy(Repository.Photo(2), set.Place("fake/two \"fake\"\n.jpg"));
        var output = set.Place("out/x");
        await File.WriteAllTextAsync(set.Place("out/x/reliability.svg"), "of an earlier run");

        // The broken files make it 1: someone should know that not all was scored.
        Assert.Equal(1, await EvaluateCommand.RunAsync([set.Path, "--out", output, "--rounds", "20", "--degrade", "jpeg30,crf28", "--protocol"]));

        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(output, "evaluation.json")));
        Assert.Equal((6, 4), (report.RootElement.GetProperty("files").GetInt32(), report.RootElement.GetProperty("failed").GetInt32()));
        var failures = report.RootElement.GetProperty("failures");
        Assert.All(
            ["fake/broken/none.jpg", "real/He said \"hi\".jpg", "real/a\\b.jpg", "real/two\nlines.jpg"],
            path => Assert.StartsWith("unsupported_media", failures.GetProperty(path).GetString(), StringComparison.Ordinal));
        var run = report.RootElement.GetProperty("run");
        Assert.Equal(20, run.GetProperty("rounds").GetInt32());
        Assert.Contains(run.GetProperty("models").EnumerateArray(), model => model.GetProperty("name").GetString() == "swap-mobilenet" && model.GetProperty("version").GetString() is { Length: > 0 });
        Assert.NotEqual(JsonValueKind.Null, run.GetProperty("fusion_version").ValueKind);
        Assert.Equal(4, report.RootElement.GetProperty("rankings").EnumerateArray().Count(row => row.GetProperty("name").GetString()!.StartsWith("baseline", StringComparison.Ordinal) ? row.GetProperty("real").GetInt32() == 1 : row.GetProperty("name").GetString() == "media"));
        var condition = report.RootElement.GetProperty("conditions")[0];
        Assert.Equal(("jpeg30", 1, 1, 0), (condition.GetProperty("name").GetString(), condition.GetProperty("real").GetInt32(), condition.GetProperty("fake").GetInt32(), condition.GetProperty("failed").GetInt32()));
        Assert.Equal(0, report.RootElement.GetProperty("conditions")[1].GetProperty("real").GetInt32());
        Assert.Equal(["", "broken"], report.RootElement.GetProperty("protocol").EnumerateArray().Select(row => row.GetProperty("kind").GetString()));
        Assert.Contains("real/one.jpg,real,", await File.ReadAllTextAsync(Path.Combine(output, "evaluation.csv")), StringComparison.Ordinal);
        Assert.StartsWith("<svg", await File.ReadAllTextAsync(Path.Combine(output, "roc.svg")), StringComparison.Ordinal);
        Assert.StartsWith("<svg", await File.ReadAllTextAsync(Path.Combine(output, "reliability.svg")), StringComparison.Ordinal);
        Assert.StartsWith("6 files, 4 failed", await File.ReadAllTextAsync(Path.Combine(output, "evaluation.md")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_2_before_anything_is_scored()
    {
        using var set = new SetFolder("real/a.jpg", "fake/b.jpg", "taken");
        Assert.Equal(2, await EvaluateCommand.RunAsync([set.Path, "--out", Path.Combine(set.Path, "taken")]));
        Assert.Equal(2, await EvaluateCommand.RunAsync([set.Path, "--out", Path.Combine(set.Path, "taken", "below")]));
    }

    [Fact]
    public void A_report_without_scores_takes_the_picture_of_the_run_before_away()
    {
        using var set = new SetFolder("out/reliability.svg");
        var file = new ScoredFile(new EvaluationFile("real/a.jpg", false, "real", "a", "a")) { Error = "gone: gone" };
        var report = EvaluationReport.Of(
            new EvaluationSet([file.File], new Dictionary<string, string>(), []), [file], [], new EvaluationRun { CreatedAt = DateTimeOffset.UnixEpoch, Directory = "x", Rounds = 0 }, CancellationToken.None);
        OutputFolder.Write(Path.Combine(set.Path, "out"), report, [file], [], "text");
        Assert.Equal(["evaluation.csv", "evaluation.json", "evaluation.md", "roc.svg"], Directory.GetFiles(Path.Combine(set.Path, "out")).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData]
    [InlineData("a", "b")]
    [InlineData("a", "--group-by", "(")]
    [InlineData("a", "--rounds", "-1")]
    [InlineData("a", "--cluster-by", "[")]
    [InlineData("a", "--degrade", "jpeg0")]
    [InlineData("a", "--degrade", "half,blur")]
    [InlineData("a", "--degrade", "crf+5")]
    [InlineData("a", "--out")]
    [InlineData("a", "--out", "")]
    [InlineData("/nowhere/at/all")]
    public async Task A_wrong_command_line_is_2(params string[] arguments) => Assert.Equal(2, await EvaluateCommand.RunAsync(arguments));
}
