using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Signals;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

/// <summary>What <c>training/forensics</c> wrote and what the signals do must be of one time.</summary>
public sealed class ShippedCalibrationTests
{
    private static readonly byte[] File = System.IO.File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", "forensics.json"));
    private static readonly ForensicsManifest Shipped = ForensicsManifest.Parse(File);

    [Fact]
    public void It_is_about_the_signals_there_are() =>
        Assert.Equal(SignalSuite.All.Select(signal => signal.Name).Order(), Shipped.Signals.Keys.Order());

    [Fact]
    public void Fitted_numbers_fit_the_signals()
    {
        var pack = TestMaterial.Pack([TestMaterial.Natural(256, 1)], 256, new Box(60, 60, 128, 128));
        var face = TestMaterial.Face(1, new Box(60, 60, 128, 128), 0);
        var material = TestMaterial.Of(pack) with { Index = TestMaterial.Index(256, [new IndexedFrame { Seconds = 0, Faces = [face] }]) };

        var fitted = SignalSuite.All.Where(signal => Shipped.Signals[signal.Name].Parameters.Count > 0).ToList();

        Assert.Equal(["azimuthal_spectrum", "face_geometry"], fitted.Select(signal => signal.Name).Order());
        Assert.All(Suite(Shipped).MeasureEach(material, default).Where(timed => fitted.Exists(signal => signal.Name == timed.Name)), timed =>
        {
            Assert.NotNull(timed.Measurement.Score);
            // Without the fit it is another measure, or none.
            Assert.NotEqual(timed.Measurement.Raw, Suite(ForensicsManifest.BuiltIn).MeasureEach(material, default).Single(other => other.Name == timed.Name).Measurement.Raw);
        });
    }

    [Fact]
    public void Weight_is_earned_by_a_group_that_gained_on_held_out_people()
    {
        var groups = JsonDocument.Parse(File).RootElement.GetProperty("groups").EnumerateObject().Select(group => group.Value).ToList();
        Assert.NotEmpty(groups);
        foreach (var (name, calibration) in Shipped.Signals.Where(entry => entry.Value.Weight > 0))
        {
            Assert.True(calibration.Auc is { Low: > 0.5 }, name);
            Assert.Contains(groups, group =>
                group.GetProperty("signals").EnumerateArray().Any(member => member.GetString() == name) && group.GetProperty("gain").GetProperty("low").GetDouble() > 0);
        }
    }

    [Fact]
    public void Every_figure_has_an_interval_around_it() => Assert.All(Shipped.Signals, entry =>
    {
        if (entry.Value.Auc is not { } auc) return;
        Assert.InRange(auc.Value, auc.Low, auc.High);
        Assert.InRange(auc.Media, 20, int.MaxValue);
        Assert.NotNull(entry.Value.Range);
    });

    [Theory]
    [InlineData(75)]
    [InlineData(90)]
    [InlineData(95)]
    public void Of_an_untouched_camera_like_JPEG_no_signal_has_anything_to_tell(int quality)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var luma = JpegSimulation.Compress(NoiseResidualTests.CameraLike(seed, pasted: 0), NoiseResidualTests.Side, quality);
            var pack = TestMaterial.Pack([luma], NoiseResidualTests.Side, NoiseResidualTests.Face);
            var material = TestMaterial.Of(pack, format: MediaFormat.Jpeg, head: JpegSimulation.Header(NoiseResidualTests.Side, NoiseResidualTests.Side, quality));
            // From 0.9 on a reader is told; one authentic medium in twenty reaches one half of a signal whose curve was measured.
            Assert.All(Suite(Shipped).Measure(material, default), signal => Assert.True(signal.Score is null or < 0.9, $"{signal.Name}, {seed}: {signal.Reason} {signal.Score}"));
        }
    }

    private static SignalSuite Suite(ForensicsManifest manifest) => new(SignalSuite.All, manifest, NullLogger<SignalSuite>.Instance);
}
