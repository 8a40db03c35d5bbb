using System.Text.Json;
using Deepfake.Standalone.Evaluate;

namespace Deepfake.Standalone.Tests.Evaluate;

public sealed class EvaluateCommandTests
{
    [Fact]
    public async Task A_folder_is_scored_by_the_whole_product_and_written_down()
    {
        using var set = new SetFolder("fake/broken/none.jpg");
        File.Copy(Photo(1), set.Place("real/one.jpg"));
        File.Copy(Photo(2), set.Place("fake/two.jpg"));
        var output = set.Place("out/x");

        // The broken file makes it 1: someone should know that not all was scored.
        Assert.Equal(1, await EvaluateCommand.RunAsync([set.Path, "--out", output, "--rounds", "20"]));

        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(output, "evaluation.json")));
        Assert.Equal((3, 1), (report.RootElement.GetProperty("files").GetInt32(), report.RootElement.GetProperty("failed").GetInt32()));
        Assert.StartsWith("unsupported_media", report.RootElement.GetProperty("failures").GetProperty("fake/broken/none.jpg").GetString(), StringComparison.Ordinal);
        Assert.Contains("real/one.jpg,real,", await File.ReadAllTextAsync(Path.Combine(output, "evaluation.csv")), StringComparison.Ordinal);
        Assert.StartsWith("<svg", await File.ReadAllTextAsync(Path.Combine(output, "roc.svg")), StringComparison.Ordinal);
        Assert.StartsWith("3 files, 1 failed", await File.ReadAllTextAsync(Path.Combine(output, "evaluation.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("a", "b")]
    [InlineData("a", "--group-by", "(")]
    [InlineData("a", "--rounds", "-1")]
    [InlineData("/nowhere/at/all")]
    public async Task A_wrong_command_line_is_2(params string[] arguments) => Assert.Equal(2, await EvaluateCommand.RunAsync(arguments));

    private static string Photo(int number)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var photo = Path.Combine(folder.FullName, ".deps", "npm", "@vladmandic", "face-api", "demo", $"sample{number}.jpg");
            if (File.Exists(photo)) return photo;
        }

        throw new InvalidOperationException("The test photos are missing: run eng/fetch-assets test.");
    }
}
