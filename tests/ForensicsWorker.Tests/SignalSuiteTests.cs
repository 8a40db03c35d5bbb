using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class SignalSuiteTests
{
    private static readonly string[] Names = [.. SignalSuite.All.Select(signal => signal.Name)];

    [Theory]
    [InlineData(MediaKind.Image, MediaFormat.Jpeg)]
    [InlineData(MediaKind.Image, MediaFormat.Png)]
    [InlineData(MediaKind.Animation, MediaFormat.Gif)]
    [InlineData(MediaKind.Video, MediaFormat.Mp4)]
    public void An_empty_pack_gets_every_signal_with_a_reason(MediaKind kind, MediaFormat format)
    {
        var signals = Suite(SignalSuite.All).Measure(TestMaterial.Of(TestMaterial.Pack(), kind, format), default);
        Assert.Equal(Names, signals.Select(s => s.Name));
        Assert.All(signals, signal =>
        {
            Assert.False(signal.Applicable);
            Assert.Null(signal.Score);
            Assert.NotEmpty(signal.Reason);
            Assert.NotEqual("unavailable", signal.Reason);
            Assert.Equal(0, signal.Weight);
        });
    }

    [Fact]
    public void A_signal_that_throws_is_unavailable_and_the_rest_is_measured()
    {
        var signals = Suite([new Broken(), new JpegQuantisationSignal()])
            .Measure(TestMaterial.Of(TestMaterial.Pack(), format: MediaFormat.Jpeg, head: TestMaterial.Sample("quality-75.jpg")), default);
        Assert.Equal(("broken", false, "unavailable"), (signals[0].Name, signals[0].Applicable, signals[0].Reason));
        Assert.True(signals[1].Applicable);
    }

    [Fact]
    public void A_pack_of_wrong_shapes_makes_signals_unavailable()
    {
        var pack = TestMaterial.Pack([TestMaterial.WhiteNoise(96, 4, 1)], 96, new Box(8, 8, 80, 80));
        var broken = new FramePack
        {
            Thumbnails = new ByteTensor("thumbnails", [4, 8, 8], new byte[256]),
            Seconds = [],
            Windows = pack.Windows,
            WindowPixels = [new ByteTensor("window_0", [96 * 96 * 3], pack.WindowPixels[0].Data)],
        };
        var signals = Suite(SignalSuite.All).Measure(TestMaterial.Of(broken, MediaKind.Video, MediaFormat.Mp4), default);
        Assert.InRange(signals.Count(signal => signal.Reason == "unavailable"), 3, signals.Count - 1);
    }

    [Fact]
    public void Without_a_pack_every_signal_is_unavailable() =>
        Assert.Equal(Names, Suite(SignalSuite.All).Unavailable().Where(s => s is { Applicable: false, Reason: "unavailable" }).Select(s => s.Name));

    [Fact]
    public void Scores_lie_between_0_and_1_and_the_message_stays_small()
    {
        var windows = Enumerable.Range(0, 8).Select(i => TestMaterial.WhiteNoise(256, 5, i)).ToList();
        var thumbnails = Enumerable.Range(0, 32).Select(i => TestMaterial.Rgb(TestMaterial.WhiteNoise(64, 20, i))).ToList();
        var pack = TestMaterial.Pack(windows, 256, new Box(80, 80, 96, 96), thumbnails, 64);
        var signals = Suite(SignalSuite.All).Measure(TestMaterial.Of(pack, MediaKind.Animation, MediaFormat.Jpeg, TestMaterial.Sample("editor.jpg")), default);
        Assert.All(signals, signal => Assert.True(signal.Score is null or (>= 0 and <= 1)));
        Assert.InRange(signals.Count(signal => signal.Applicable), 5, signals.Count);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(signals, DeepfakeJson.Options).Length, 1, 7000);
    }

    [Fact]
    public void The_same_material_gives_the_same_answer()
    {
        var material = TestMaterial.Of(TestMaterial.Pack([TestMaterial.Natural(256, 1)], 256, new Box(60, 60, 128, 128)));
        Assert.Equal(JsonSerializer.Serialize(Suite(SignalSuite.All).Measure(material, default)), JsonSerializer.Serialize(Suite(SignalSuite.All).Measure(material, default)));
    }

    private static SignalSuite Suite(IEnumerable<IForensicSignal> signals) => new(signals, ForensicsManifest.BuiltIn, NullLogger<SignalSuite>.Instance);

    private sealed class Broken : IForensicSignal
    {
        public string Name => "broken";

        public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

        public Measurement Measure(ForensicMaterial material, SignalCalibration calibration) => throw new InvalidDataException();
    }
}
