using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate;
using Deepfake.Standalone.Evaluate.Robustness;

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
    public void A_model_that_says_what_the_fusion_says_is_as_good_as_the_fusion()
    {
        // Pooled by file, fused and model would be 1.0 against 0.75: pooling raises a figure by itself.
        var report = Report(pooled: true, [.. new[] { ("real/a1.jpg", "a", .2), ("real/a2.jpg", "a", .9), ("fake/b1.jpg", "b", .3), ("fake/b2.jpg", "b", .95) }
            .Select(one => File(one.Item1, one.Item2, one.Item3) with { Models = new Dictionary<ModelVersion, double> { [new("m", "1")] = one.Item3 }, Face = new FaceFacts(100 * one.Item3, 5, 7) })]);
        var model = Row(report, "model m");
        Assert.Equal(1.0, model.Auc!.Value);
        Assert.Equal(report.Rankings[0] with { Name = "" }, model with { Name = "" });
        Assert.Equal((1, 1), (Row(report, "baseline: face size, larger is fake").Real, Row(report, "baseline: face size, larger is fake").Fake));
    }

    [Fact]
    public void Baselines_are_turned_the_way_that_suits_them_and_say_which()
    {
        var report = Report(pooled: false, [.. Enumerable.Range(0, 12).Select(i => File($"{(i < 6 ? "real" : "fake")}/{i}.jpg", $"{i}", .5) with { Face = new FaceFacts(100 - i, 200 + i, i % 2) })]);
        Assert.Equal(1.0, Row(report, "baseline: face size, smaller is fake").Auc!.Value);
        Assert.Equal(1.0, Row(report, "baseline: sharpness, sharper is fake").Auc!.Value);
        Assert.InRange(report.Rankings.Single(row => row.Name.StartsWith("baseline: brightness", StringComparison.Ordinal)).Auc!.Value, 0.5, 0.6);
    }

    [Fact]
    public void Within_a_third_of_sharpness_a_score_that_only_follows_blur_is_worth_little()
    {
        // Fakes are the sharper ones, and the score is nothing but sharpness: within a third there is one class or a mixture without order.
        var files = Enumerable.Range(0, 30).Select(i =>
        {
            var fake = i >= 15;
            return File($"{(fake ? "fake" : "real")}/{i}.jpg", $"{i}", (fake ? 20 : 10) / 100.0) with { Face = new FaceFacts(100, fake ? 20 : 10, null) };
        });
        var report = Report(pooled: false, [.. files]);
        Assert.Equal(1.0, report.Rankings[0].Auc!.Value);
        Assert.All(report.SharpnessThirds, third => Assert.Null(third.Ranking.Auc));
        Assert.Equal(30, report.SharpnessThirds.Sum(third => third.Ranking.Real + third.Ranking.Fake));
    }

    [Fact]
    public void Media_of_one_cluster_are_resampled_together_and_counted_apart()
    {
        // Twelve people a class, five files of each that say the same.
        var files = Enumerable.Range(0, 24).SelectMany(person => Enumerable.Range(0, 5).Select(i =>
            File($"{(person < 12 ? "real" : "fake")}/{person}_{i}.jpg", $"{person}_{i}", .1 + .03 * (person % 12) + (person < 12 ? 0 : .08) + .0001 * i))).ToArray();
        var alone = Report(pooled: false, files).Rankings[0];
        var together = Report(pooled: false, [.. files.Select(file => file with { File = file.File with { Cluster = file.File.Path.Split('_')[0] } })]).Rankings[0];
        Assert.Equal((alone.Real, alone.Fake, alone.Auc!.Value), (together.Real, together.Fake, together.Auc!.Value));
        Assert.True(together.Auc.High - together.Auc.Low > 1.5 * (alone.Auc.High - alone.Auc.Low));
    }

    [Fact]
    public void A_real_and_a_fake_of_one_video_stay_two_media_of_one_cluster()
    {
        var media = Report(pooled: true, File("real/v.jpg", "v", .2), File("fake/v.jpg", "v", .9), File("real/w.jpg", "w", .3)).Rankings[0];
        Assert.Equal((2, 1, 1.0), (media.Real, media.Fake, media.Auc!.Value));
    }

    [Fact]
    public void One_real_and_one_fake_have_figures_and_no_intervals()
    {
        var report = Report(pooled: false, File("real/a.jpg", "a", .2), File("fake/b.jpg", "b", .9));
        Assert.Equal(new Figure(1, null, null), report.Rankings[0].Auc);
        Assert.Contains("| media | 1 / 1 | 1.000 |", ReportText.Markdown(report), StringComparison.Ordinal);
        Assert.Contains("resampled by file; none where a class has fewer than 5 files.", ReportText.Markdown(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_runs_can_be_told_apart()
    {
        var report = Report(pooled: true, File("real/a.jpg", "a", .2) with { Models = new Dictionary<ModelVersion, double> { [new("m", "2.0.0")] = .2 } }, File("fake/b.jpg", "b", .9));
        Assert.Equal(new ModelVersion("m", "2.0.0"), Assert.Single(report.Run.Models));
        Assert.Equal(("f1", "x"), (report.Run.FusionVersion, report.Run.GroupBy));
        Assert.Matches(@"^Deepfake\.Aspire \d+\.\d+\.\d+, fusion f1, m 2\.0\.0; 1970-01-01 00:00 UTC\.$", ReportText.Markdown(report).Split('\n').Single(line => line.StartsWith("Deepfake", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_of_a_hostile_set_stay_in_their_line_and_cell()
    {
        var report = Report(pooled: false, File("real/a.jpg", "a", .2), new ScoredFile(new EvaluationFile("fake/x|\u001b[2J\n| y.jpg", true, "fake/x|\u202e", "x", "x")) { Error = "no\nline" });
        var text = ReportText.Markdown(report);
        Assert.Contains("failed: fake/x\\|\\u{1B}[2J\\u{A}\\| y.jpg: no\\u{A}line\n", text, StringComparison.Ordinal);
        Assert.Contains("| fake/x\\|\\u{202E} | 1 | 1 |", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
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
    public void Each_kind_of_fakes_stands_against_its_own_reals_with_its_best_model_verdicts_and_degradations()
    {
        ScoredFile Scored(string path, double fused, double first, double second, Verdict verdict = Verdict.Authentic) => File(path, path, fused) with
        {
            Verdict = verdict,
            Models = new Dictionary<ModelVersion, double> { [new("first", "1")] = first, [new("second", "1")] = second },
        };
        ScoredFile[] files =
        [
            // Made: the second model orders all, the fusion three of four.
            Scored("real/made/a.jpg", .2, .9, .1), Scored("real/made/b.jpg", .6, .9, .2, Verdict.Manipulated),
            Scored("fake/made_x/c.jpg", .5, .1, .8), Scored("fake/made_x/d.jpg", .9, .1, .9, Verdict.Suspicious),
            // Of another source, which only the kind without own reals meets.
            Scored("real/other/e.jpg", .95, .5, .5), Scored("fake/alone/f.jpg", .7, .6, .6, Verdict.Manipulated),
        ];
        var degraded = new Condition("jpeg30", [.. files.Select(file => file with { Probability = file.File.Fake ? .9 : .1 })]);
        var report = EvaluationReport.Of(Set(files), files, [degraded], Run(pooled: false) with { Protocol = true }, CancellationToken.None);

        Assert.Equal([("alone", null), ("made_x", "made")], report.Protocol.Select(row => (row.Kind, row.Against)));
        var made = report.Protocol[1];
        Assert.Equal((2, 2, .75), (made.Real, made.Fake, made.Auc!.Value));
        Assert.Equal(("second", 1.0, -.25), (made.BestModel, made.BestAuc, made.Gain!.Value));
        Assert.Equal((.5, .5, 0.0, .5), (made.Authentic, made.Undecided, made.Manipulated, made.FalseAlarms));
        Assert.Equal(new ConditionAuc("jpeg30", new Figure(1, null, null)), Assert.Single(made.Degraded));
        Assert.Equal((3, 1, 2.0 / 3), (report.Protocol[0].Real, report.Protocol[0].Fake, report.Protocol[0].Auc!.Value));
        Assert.Contains("| made_x | made | 2 / 2 | 0.750 | second 1.000 | -0.250 | 50.0 % | 50.0 % | 0.0 % | 50.0 % | 1.000 |", ReportText.Markdown(report), StringComparison.Ordinal);
    }

    [Fact]
    public void Kinds_are_only_measured_when_asked_for_and_may_lack_folders_scores_and_models()
    {
        ScoredFile[] files = [File("real/a.jpg", "a", .2), File("fake/b.jpg", "b", null), File("fake/k/deep/c.jpg", "c", .9)];
        Assert.Empty(Report(pooled: false, files).Protocol);
        var report = EvaluationReport.Of(Set(files), files, [], Run(pooled: false) with { Protocol = true }, CancellationToken.None);
        Assert.Equal([("", 1, 0), ("k", 1, 1)], report.Protocol.Select(row => (row.Kind, row.Real, row.Fake)));
        Assert.Contains("| (no folder) | (no folder) | 1 / 0 | – | – | – |", ReportText.Markdown(report), StringComparison.Ordinal);
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
        var csv = ReportText.Csv([File("=cmd|'/c calc'!A1,\"x\".jpg", "-2+3", .5)], []);
        Assert.Contains("\"'=cmd|'/c calc'!A1,\"\"x\"\".jpg\",real,'-2+3,'-2+3,authentic,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public void The_numbers_behind_signals_are_columns_of_the_rows_and_empty_where_a_signal_does_not_apply()
    {
        var lines = ReportText.Csv([File("real/a.jpg", "a", .2) with { Signals = new Dictionary<string, double> { ["grid"] = .5, ["grid.ratio"] = 1.25 } }, File("fake/b.jpg", "b", .8)], []).Split('\n');
        Assert.EndsWith(",grid,grid.ratio,error", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",0.5,1.25,", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",,,", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_ends_the_tables_at_once()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var files = Enumerable.Range(0, 12).Select(i => File($"{(i < 6 ? "real" : "fake")}/{i}.jpg", $"{i}", .1 * i)).ToArray();
        Assert.Throws<OperationCanceledException>(() => EvaluationReport.Of(Set(files), files, [], Run(pooled: false), stop.Token));
    }

    private static RankingRow Row(EvaluationReport report, string name) => report.Rankings.Single(row => row.Name == name);

    private static EvaluationReport Report(bool pooled, params ScoredFile[] files) => EvaluationReport.Of(Set(files), files, [], Run(pooled), CancellationToken.None);

    private static EvaluationSet Set(ScoredFile[] files) => new([.. files.Select(file => file.File)], new Dictionary<string, string>(), []);

    private static EvaluationRun Run(bool pooled) =>
        new() { CreatedAt = DateTimeOffset.UnixEpoch, FusionVersion = "f1", Directory = "set", GroupBy = pooled ? "x" : null, Rounds = 200 };

    private static ScoredFile File(string path, string group, double? probability) =>
        new(new EvaluationFile(path, path.StartsWith("fake/", StringComparison.Ordinal), path[..Math.Max(0, path.LastIndexOf('/'))], group, group))
        {
            Verdict = Verdict.Authentic,
            Probability = probability,
            Faces = probability is { } p ? [p] : [],
            Frames = probability is { } q ? [q] : [],
        };
}
