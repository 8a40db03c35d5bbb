using Deepfake.Contracts;
using Deepfake.ResultService.Versions;

namespace Deepfake.ResultService.Tests.Versions;

public sealed class VersionComparisonTests
{
    private static readonly Analysis Empty = new()
    {
        Id = "an_1",
        Status = AnalysisStatus.Completed,
        Stage = Stage.Done,
        Progress = 100,
        Media = new MediaSummary { Format = MediaFormat.Jpeg, Sha256 = "", SizeBytes = 1 },
        CreatedAt = default,
    };

    [Fact]
    public void Only_what_differs_is_named()
    {
        var before = Empty with
        {
            MachineVerdict = Verdict.Authentic,
            DeepfakeScore = 10,
            Reasons = [ReasonCodes.LowFaceScore],
            Models = [Model("gone", "1", 0.1), Model("same", "1", 0.2), Model("newer", "1", 0.3), Model("broken", "1", 0.4)],
            Signals = [Signal("same", 0.5), Signal("mute", 0.5)],
        };
        var after = Empty with
        {
            Version = 2,
            MachineVerdict = Verdict.Authentic,
            Verdict = Verdict.Manipulated, // a reviewer's, which is not compared
            DeepfakeScore = 12.5,
            Confidence = 50,
            Reasons = [ReasonCodes.LowFaceScore, ReasonCodes.ModelsMissing],
            Models = [Model("same", "1", 0.2), Model("newer", "2", 0.3), Model("broken", "1", null), Model("added", "1", 0.9)],
            Signals = [Signal("same", 0.5), Signal("mute", null), Signal("added", 0.1)],
        };

        var changes = VersionComparison.Compare("an_1", before, after);

        Assert.Equal((1, 2, false), (changes.From, changes.To, changes.VerdictChanged));
        Assert.Equal(new NumberChange(10, 12.5, 2.5), changes.DeepfakeScore);
        Assert.Equal(new NumberChange(null, 50, null), changes.Confidence);
        Assert.Equal([ReasonCodes.ModelsMissing], changes.ReasonsAdded);
        Assert.Empty(changes.ReasonsRemoved);
        Assert.Equal(
            [
                new ModelChange("added", null, "1", new NumberChange(null, 0.9, null)),
                new ModelChange("broken", "1", "1", new NumberChange(0.4, null, null)),
                new ModelChange("gone", "1", null, new NumberChange(0.1, null, null)),
                new ModelChange("newer", "1", "2", new NumberChange(0.3, 0.3, 0)),
            ],
            changes.Models);
        Assert.Equal(["added", "mute"], changes.Signals.Select(signal => signal.Name));
    }

    private static ModelResult Model(string name, string version, double? score) => new() { Name = name, Version = version, Provider = "cpu", Score = score, Weight = 1 };

    private static Signal Signal(string name, double? score) => new() { Name = name, Applicable = score is not null, Reason = "", Score = score };
}
