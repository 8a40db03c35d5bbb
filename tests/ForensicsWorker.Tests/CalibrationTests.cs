using System.Text;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Signals;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class CalibrationTests
{
    private const string Good = """
        { "version": "1", "surplus": [1], "signals": { "metadata": {
            "weight": 0.25, "curve": [ { "raw": -1, "score": 0 }, { "raw": 1, "score": 0.5 }, { "raw": 5, "score": 1 } ],
            "range": { "low": -2, "high": 0.5 }, "auc": { "value": 0.6, "low": 0.5, "high": 0.7, "media": 40 }, "parameters": { "mean": [1, 2.5] } } } }
        """;

    [Theory]
    [InlineData(-7, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 0.25)]
    [InlineData(1, 0.5)]
    [InlineData(3, 0.75)]
    [InlineData(5, 1)]
    [InlineData(99, 1)]
    public void A_score_lies_on_the_curve(double raw, double score) => Assert.Equal(score, Parse(Good).Signals["metadata"].Score(raw), 1e-9);

    [Fact]
    public void Fitted_numbers_are_kept() => Assert.Equal([1, 2.5], Parse(Good).Signals["metadata"].Parameters["mean"]);

    [Theory]
    [InlineData("", "cannot be read")]
    [InlineData("null", "empty")]
    [InlineData("[]", "cannot be read")]
    [InlineData("""{ "version": "", "signals": {} }""", "version")]
    [InlineData("""{ "signals": {} }""", "cannot be read")]
    [InlineData("""{ "version": "1", "signals": null }""", "cannot be read")]
    [InlineData("""{ "version": "1", "signals": { "a": null } }""", "signals.a")]
    [InlineData("""{ "version": "1", "signals": { "a": { "curve": [ { "raw": 0, "score": 0 } ] } } }""", "2 to 64 points")]
    [InlineData("""{ "version": "1", "signals": { "a": { "curve": [ { "raw": 0, "score": 0.5 }, { "raw": 1, "score": 0.4 } ] } } }""", "must rise")]
    [InlineData("""{ "version": "1", "signals": { "a": { "curve": [ { "raw": 1, "score": 0 }, { "raw": 1, "score": 1 } ] } } }""", "must rise")]
    [InlineData("""{ "version": "1", "signals": { "a": { "curve": [ { "raw": 0, "score": 0 }, { "raw": 1, "score": 1.5 } ] } } }""", "[0,1]")]
    [InlineData("""{ "version": "1", "signals": { "a": { "weight": -1, "curve": [ { "raw": 0, "score": 0 }, { "raw": 1, "score": 1 } ] } } }""", "weight")]
    [InlineData("""{ "version": "1", "signals": { "a": { "range": { "low": 2, "high": 1 }, "curve": [ { "raw": 0, "score": 0 }, { "raw": 1, "score": 1 } ] } } }""", "range")]
    [InlineData("""{ "version": "1", "signals": { "a": { "auc": { "value": 2, "low": 0, "high": 1, "media": 1 }, "curve": [ { "raw": 0, "score": 0 }, { "raw": 1, "score": 1 } ] } } }""", "auc")]
    [InlineData("""{ "version": "1", "signals": { "a": { "parameters": { "b": null }, "curve": [ { "raw": 0, "score": 0 }, { "raw": 1, "score": 1 } ] } } }""", "parameters")]
    public void A_broken_file_is_refused_with_the_field(string json, string says) =>
        Assert.Contains(says, Assert.Throws<InvalidDataException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_broken_or_missing_file_leaves_the_built_in_calibrations()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "{");
        Assert.Same(ForensicsManifest.BuiltIn, ManifestFile.Load(path, NullLogger.Instance));
        File.Delete(path);
        Assert.Same(ForensicsManifest.BuiltIn, ManifestFile.Load(path, NullLogger.Instance));
    }

    [Fact]
    public void Every_signal_carries_what_was_measured_of_it()
    {
        var material = TestMaterial.Of(TestMaterial.Pack(), format: MediaFormat.Png, head: TestMaterial.Sample("generator.png"));
        var signal = new SignalSuite([new MetadataSignal()], Parse(Good), NullLogger<SignalSuite>.Instance).Measure(material, default)[0];
        Assert.Equal((0.25, 0.5), (signal.Weight, signal.Score));
        Assert.Equal(new MeasuredAuc(0.6, 0.5, 0.7, 40), signal.Auc);
        Assert.EndsWith("No medium it was measured on went so far.", signal.Reason, StringComparison.Ordinal);
    }

    private static ForensicsManifest Parse(string json) => ForensicsManifest.Parse(Encoding.UTF8.GetBytes(json));
}
