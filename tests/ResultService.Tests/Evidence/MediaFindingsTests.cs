using Deepfake.Contracts;
using Deepfake.ResultService.Evidence;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Tests.Fusion;

namespace Deepfake.ResultService.Tests.Evidence;

public sealed class MediaFindingsTests
{
    private static readonly FusionManifest Fit = Medium.Fit(0, ("a", 1)) with { FalsePositiveRate = 0.01 };

    [Fact]
    public void A_manipulated_stretch_is_told_with_its_face_time_and_number()
    {
        float[] scores = [.. Enumerable.Range(0, 16).Select(i => i is >= 4 and < 12 ? 0.99f : 0.9f)];
        var findings = Of(Medium.Film(16), Medium.Shards(8, ("a", scores)), [Medium.Signal("noise", 0.2)]);

        var face = findings[0];
        Assert.Equal(("face_score", FindingKind.Evidence, 1), (face.Code, face.Kind, face.TrackId!.Value));
        Assert.StartsWith("Face 1 scores 9", face.Text, StringComparison.Ordinal);
        Assert.Contains("above 80, where manipulated begins", face.Text, StringComparison.Ordinal);
        Assert.Equal((0.0, 15.0), (face.StartSeconds, face.EndSeconds));
        Assert.Contains(findings, finding => finding is { Code: "segment", TrackId: 1, StartSeconds: not null });
        Assert.Equal("Of authentic media like our test material, about 1 in 100 score as high.", Text(findings, "false_alarms"));
    }

    [Theory]
    [InlineData(0.95f, "Of authentic media like our test material about 1 in 8 score this high, of manipulated ones about 4 in 10.")]
    [InlineData(0.05f, "Of authentic media like our test material about 9 in 10 score this high, of manipulated ones nearly all.")]
    public void A_score_is_told_by_what_it_is_worth(float score, string expected)
    {
        var fit = Fit with { Quantiles = new ScoreQuantiles([0, 0.1, 0.2, 0.8, 1], [0.05, 0.6, 0.99, 1]) };
        var findings = MediaFindings.Of(Medium.Image(), MediaFusion.Fuse(Medium.Image(), Medium.Shards(1, ("a", [score])), [], fit));
        Assert.Equal(expected, Text(findings, "score_meaning"));
        Assert.DoesNotContain(findings, finding => finding.Code == "false_alarms");
    }

    [Fact]
    public void A_suspicious_face_is_never_called_manipulated()
    {
        var findings = Of(Medium.Image(), Medium.Shards(1, ("a", [0.6f])), []);
        Assert.Equal("Face 1 scores 60 of 100: above 40, where suspicion begins, and below 80, where manipulated begins.", Text(findings, "face_score"));
        Assert.DoesNotContain(findings, finding => finding.Code == "false_alarms");
    }

    [Fact]
    public void A_quiet_medium_is_told_as_such_with_its_doubt()
    {
        var findings = Of(Medium.Image(), Medium.Shards(1, ("a", [0.1f])), [Medium.Signal("noise", 0.2)]);
        Assert.Equal(["no_high_score", "unknown_methods"], findings.Select(finding => finding.Code));
        Assert.Equal("The face scores 10 of 100; suspicion begins at 40.", findings[0].Text);
    }

    [Fact]
    public void Evidence_comes_before_observations_and_these_before_doubts_each_strongest_first()
    {
        var findings = Of(Medium.Film(8, tracks: 2), Medium.Shards(8, ("a", [.. Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? 0.7f : 0.95f)])), [Medium.Signal("noise", 0.95)]);

        Assert.Equal(findings.OrderBy(finding => finding.Kind).ThenByDescending(finding => finding.Strength), findings);
        Assert.Equal(2, findings.First(finding => finding.Code == "face_score").TrackId);
        Assert.Equal("test Our test material says nothing about what this is worth: it is shown, not counted.", findings.Single(finding => finding.Kind == FindingKind.Observation).Text);
    }

    [Fact]
    public void A_signal_is_told_with_its_place_and_what_it_is_worth()
    {
        var noise = Medium.Signal("noise", 0.95) with
        {
            Reason = "The face carries more noise.",
            Auc = new MeasuredAuc(0.62, 0.57, 0.67, 2201),
            Places = [new SignalPlace { TrackId = 2, StartSeconds = 3.1, EndSeconds = 5.4, Value = 4 }, new SignalPlace { TrackId = 1, Value = 3 }],
        };
        var scores = Medium.Shards(8, ("a", [.. Enumerable.Repeat(0.1f, 16)]));

        var finding = Of(Medium.Film(8, tracks: 2), scores, [noise]).Single(told => told.Kind == FindingKind.Observation);
        Assert.Equal(
            "The face carries more noise. Strongest: face 2, 3.1–5.4 s. In our test material this told fakes from originals only weakly (AUC 0.62): it is shown, not counted.",
            finding.Text);
        Assert.Equal((2, 3.1, 5.4), (finding.TrackId, finding.StartSeconds, finding.EndSeconds));

        var still = Of(Medium.Image(), Medium.Shards(1, ("a", [0.1f])), [noise]).Single(told => told.Code == "noise");
        Assert.DoesNotContain("Strongest", still.Text, StringComparison.Ordinal); // one face in one picture
    }

    [Theory]
    [InlineData(0.49, 0.41, 0.58, 0, false)]
    [InlineData(0.37, 0.26, 0.47, 0, false)]
    [InlineData(0.49, 0.41, 0.58, 0.5, true)] // who gave it weight wants to hear of it
    [InlineData(0.50, 0.50, 0.50, 0, true)] // never met in the test material
    [InlineData(0.62, 0.57, 0.67, 0, true)]
    public void A_signal_that_is_no_better_than_chance_is_no_finding(double auc, double low, double high, double weight, bool isTold)
    {
        var signal = Medium.Signal("noise", 0.95) with { Auc = new MeasuredAuc(auc, low, high, 1154), Weight = weight };
        Assert.Equal(isTold, Of(Medium.Image(), Medium.Shards(1, ("a", [0.1f])), [signal]).Any(told => told.Code == "noise"));
    }

    [Fact]
    public void Small_and_blurred_faces_are_doubted()
    {
        var small = Of(Medium.Image(Medium.Good with { SizePixels = 60 }), Medium.Shards(1, ("a", [0.9f])), []);
        Assert.Equal("Face 1 is 60 pixels wide: little to judge by.", Text(small, "small_face"));
        var blurred = Of(Medium.Image(Medium.Blurred), Medium.Shards(1, ("a", [0.9f])), []);
        Assert.Contains("too blurred to judge", Text(blurred, "blurred_face"), StringComparison.Ordinal);
    }

    [Fact]
    public void Models_that_contradict_each_other_are_named()
    {
        var fused = MediaFusion.Fuse(Medium.Image(), Medium.Shards(1, ("a", [0.9f]), ("b", [0.1f])), [], Medium.Fit(0, ("a", 1), ("b", 1)));
        Assert.Equal("The models contradict each other: a gives 90, b 10 of 100.", Text(MediaFindings.Of(Medium.Image(), fused), ReasonCodes.ModelsDisagree));
    }

    [Fact]
    public void A_high_face_in_a_medium_below_the_thresholds_says_why_it_does_not_decide()
    {
        var crowd = Medium.Index(MediaKind.Image, [[.. Enumerable.Range(1, 10).Select(track => Medium.Face(track, 0, track - 1))]]);
        var among = Of(crowd, Medium.Shards(10, ("a", [0.42f, .. Enumerable.Repeat(0.02f, 9)])), []);
        Assert.EndsWith("Beside the other faces that is not enough: the medium scores 18.7.", Text(among, "face_score"), StringComparison.Ordinal);

        var blurred = Medium.Index(MediaKind.Image, [[Medium.Face(1, 0, 0), Medium.Face(2, 0, 1, Medium.Blurred)]]);
        Assert.EndsWith("It is too small or too unclear to decide.", Text(Of(blurred, Medium.Shards(2, ("a", [0.1f, 0.97f])), []), "face_score"), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_face_nothing_is_claimed()
    {
        var index = Medium.Index(MediaKind.Image, [[]]);
        Assert.DoesNotContain(Of(index, [], []), finding => finding.Kind == FindingKind.Evidence);
    }

    private static IReadOnlyList<Finding> Of(FaceIndex index, IReadOnlyList<ShardScores> shards, IReadOnlyList<Signal> signals) =>
        MediaFindings.Of(index, MediaFusion.Fuse(index, shards, signals, Fit));

    private static string Text(IReadOnlyList<Finding> findings, string code) => findings.Single(finding => finding.Code == code).Text;
}
