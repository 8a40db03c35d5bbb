using System.Diagnostics;
using System.Text.RegularExpressions;
using Deepfake.Standalone.Evaluate;

namespace Deepfake.Standalone.Tests.Evaluate;

public sealed class EvaluationSetTests
{
    [Fact]
    public void The_first_group_of_the_pattern_names_the_group()
    {
        using var folder = new SetFolder("real/033_12.jpg", "real/033_14.jpg", "real/.hidden.jpg", "fake/Deepfakes/033_097/1.jpg", "fake/plain.jpg");
        var set = EvaluationSet.List(folder.Path, Pattern("(?<person>\\d{3})_"), null);
        Assert.Equal(["033", "033", "033", "fake/plain.jpg"], set.Files.Select(file => file.Group));
        Assert.Equal(["033", "033", "033", "fake/plain.jpg"], set.Files.Select(file => file.Cluster));
        Assert.Equal(["real", "real", "fake/Deepfakes/033_097", "fake"], set.Files.Select(file => file.Folder));
        Assert.Equal([false, false, true, true], set.Files.Select(file => file.Fake));
        Assert.Equal("--group-by names 3 of 4 files, 1 names; the others stand alone.", Assert.Single(set.Notes));
    }

    [Fact]
    public void Clusters_leave_media_apart()
    {
        using var folder = new SetFolder("real/ann@1.jpg", "real/ann@2.jpg", "fake/ann@3.jpg", "fake/bob@1.jpg");
        var files = EvaluationSet.List(folder.Path, null, Pattern("/([^/@]+)@")).Files;
        Assert.Equal(["ann", "ann", "ann", "bob"], files.Select(file => file.Cluster));
        Assert.Equal(4, files.Select(file => file.Group).Distinct().Count());
    }

    [Fact]
    public void An_empty_match_names_nothing_and_is_said()
    {
        using var folder = new SetFolder("real/a.jpg", "real/7.jpg", "fake/b.jpg");
        // It matches "real/" of the first as well, and names nothing there.
        var set = EvaluationSet.List(folder.Path, Pattern("real/(\\d*)"), null);
        Assert.Equal(["7", "real/a.jpg", "fake/b.jpg"], set.Files.Select(file => file.Group));
        Assert.Equal("--group-by names 1 of 3 files, 1 names; the others stand alone (1 with an empty match).", Assert.Single(set.Notes));
    }

    [Theory]
    [InlineData("(\\d*)")]
    [InlineData("video-(\\d+)")]
    public void A_pattern_that_names_nothing_is_refused(string pattern)
    {
        using var folder = new SetFolder("real/a.jpg", "fake/b.jpg");
        Assert.Contains("names nothing", Refusal(folder, Pattern(pattern), null), StringComparison.Ordinal);
        Assert.Contains("--cluster-by", Refusal(folder, null, Pattern(pattern)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_that_takes_for_ever_is_refused()
    {
        using var folder = new SetFolder($"real/{new string('a', 60)}.jpg", "fake/b.jpg");
        Assert.Contains("takes too long", Refusal(folder, new Regex("(?:a|aa)+$", RegexOptions.None, TimeSpan.FromMilliseconds(50)), null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_medium_of_two_clusters_is_refused()
    {
        using var folder = new SetFolder("real/v1-ann.jpg", "real/v1-bob.jpg", "fake/v2-eve.jpg");
        Assert.Contains("two clusters, 'ann' and 'bob'", Refusal(folder, Pattern("(v\\d)"), Pattern("-(\\w+)")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_without_one_of_the_two_folders_is_refused()
    {
        using var folder = new SetFolder("real/a.jpg");
        Assert.Contains("fake", Refusal(folder, null, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_backslash_is_part_of_a_name()
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new SetFolder("real/a\\b.jpg", "fake/c.jpg");
        var file = EvaluationSet.List(folder.Path, null, null).Files[0];
        Assert.Equal(("real/a\\b.jpg", "real"), (file.Path, file.Folder));
    }

    [Fact]
    public async Task Folders_that_cannot_be_read_are_named()
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new SetFolder("real/a.jpg", "fake/b.jpg");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "real", "round"), "..");
        // A name that is no UTF-8 cannot be opened by .NET, not even by root, who may read all else.
        await ShellAsync($"mkdir '{folder.Path}'/fake/$'\\xff'");
        var set = EvaluationSet.List(folder.Path, null, null);
        await ShellAsync($"rmdir '{folder.Path}'/fake/$'\\xff'");
        Assert.Equal(["fake/\ufffd", "real/round"], set.Unread.Keys);
        Assert.Equal(2, set.Files.Count);
    }

    private static async Task ShellAsync(string command)
    {
        using var shell = Process.Start("bash", ["-c", command]);
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    private static string Refusal(SetFolder folder, Regex? groupBy, Regex? clusterBy) =>
        Assert.Throws<EvaluationRefusedException>(() => EvaluationSet.List(folder.Path, groupBy, clusterBy)).Message;

    private static Regex Pattern(string pattern) => new(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
}
