using System.Text.RegularExpressions;
using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate;

namespace Deepfake.Standalone.Tests.Evaluate;

public sealed class EvaluationReportTests
{
    [Fact]
    public void Files_of_one_group_are_one_medium_with_the_mean_of_their_log_odds()
    {
        var report = Report(pooled: true, File("real/a1.jpg", "a", .2), File("real/a2.jpg", "a", .6), File("fake/b1.jpg", "b", .3), File("fake/b2.jpg", "b", .9));
        var media = report.Rankings[0];
        Assert.Equal((1, 1, 1.0), (media.Real, media.Fake, media.Auc!.Value));
        // sigmoid((logit 0.2 + logit 0.6) / 2) and the same of 0.3 and 0.9
        Assert.Equal([0.37980, 0.66261], report.Reliability!.Bins.Select(bin => Math.Round(bin.MeanProbability, 5)));
    }

    [Fact]
    public void A_real_and_a_fake_of_one_video_stay_two_media_of_one_cluster()
    {
        var media = Report(pooled: true, File("real/v.jpg", "v", .2), File("fake/v.jpg", "v", .9), File("real/w.jpg", "w", .3)).Rankings[0];
        Assert.Equal((2, 1, 1.0), (media.Real, media.Fake, media.Auc!.Value));
    }

    [Fact]
    public void What_has_no_score_is_counted_and_left_out()
    {
        var report = Report(
            pooled: false,
            File("real/a.jpg", "a", .2), File("fake/b.jpg", "b", .9),
            File("fake/c.jpg", "c", null) with { Verdict = Verdict.Inconclusive },
            File("fake/d.jpg", "d", null) with { Verdict = null, Error = "corrupt_media: broken" });
        Assert.Equal((4, 1, 1), (report.Files, report.Failed, report.Unscored));
        Assert.Equal(1.0 / 3, report.AbstentionRate, 9);
        Assert.Equal("corrupt_media: broken", report.Failures["fake/d.jpg"]);
        Assert.Equal(1, report.Rankings[0].Fake);
    }

    [Fact]
    public void Each_folder_is_ranked_against_all_of_the_other_class()
    {
        var report = Report(
            pooled: false,
            File("real/x/a.jpg", "a", .2), File("real/y/b.jpg", "b", .8) with { Verdict = Verdict.Manipulated },
            File("fake/m/c.jpg", "c", .5), File("fake/n/d.jpg", "d", .9));
        Assert.Equal(["fake/m", "fake/n", "real/x", "real/y"], report.Folders.Select(folder => folder.Folder));
        Assert.Equal([.5, 1, 1, .5], report.Folders.Select(folder => folder.Auc!.Value));
        Assert.Equal(1, report.Folders[3].Manipulated);
    }

    [Fact]
    public void A_set_without_fakes_still_counts_false_alarms()
    {
        var report = Report(pooled: false, File("real/a.jpg", "a", .2));
        Assert.Null(report.Rankings[0].Auc);
        Assert.Contains("| media | 1 / 0 | – |", ReportText.Markdown(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_do_not_become_formulas_or_cells()
    {
        var csv = ReportText.Csv([File("=cmd|'/c calc'!A1,\"x\".jpg", "-2+3", .5)]);
        Assert.Contains("\"'=cmd|'/c calc'!A1,\"\"x\"\".jpg\",real,'-2+3,authentic,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_group_of_the_pattern_names_the_group()
    {
        using var folder = new SetFolder("real/033_12.jpg", "real/033_14.jpg", "real/.hidden.jpg", "fake/Deepfakes/033_097/1.jpg", "fake/plain.jpg");
        var files = EvaluationSet.List(folder.Path, new Regex("(?<person>\\d{3})_", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.Equal(["033", "033", "033", "fake/plain.jpg"], files.Select(file => file.Group));
        Assert.Equal(["real", "real", "fake/Deepfakes/033_097", "fake"], files.Select(file => file.Folder));
        Assert.Equal([false, false, true, true], files.Select(file => file.Fake));
    }

    [Fact]
    public void A_set_without_one_of_the_two_folders_is_refused()
    {
        using var folder = new SetFolder("real/a.jpg");
        Assert.Contains("fake", Assert.Throws<DirectoryNotFoundException>(() => EvaluationSet.List(folder.Path, null)).Message, StringComparison.Ordinal);
    }

    private static EvaluationReport Report(bool pooled, params ScoredFile[] files) => EvaluationReport.Of(files, pooled, 50, DateTimeOffset.UnixEpoch);

    private static ScoredFile File(string path, string group, double? probability) => new(
        new EvaluationFile(path, path.StartsWith("fake/", StringComparison.Ordinal), path[..Math.Max(0, path.LastIndexOf('/'))], group),
        Verdict.Authentic, [], probability, probability is { } p ? [p] : [], probability is { } q ? [q] : [], 100, new Dictionary<string, double>(), null);
}
