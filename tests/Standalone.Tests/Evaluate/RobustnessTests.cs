using System.Buffers.Binary;
using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Tests.Evaluate;

public sealed class RobustnessTests
{
    private static MediaSummary Photo { get; } = new() { Kind = MediaKind.Image, Format = MediaFormat.Jpeg, Sha256 = "", SizeBytes = 1 };

    private static MediaSummary Film { get; } = new() { Kind = MediaKind.Video, Format = MediaFormat.Mkv, Sha256 = "", SizeBytes = 1 };

    [Theory]
    [InlineData("jpeg50", true, false)]
    [InlineData("crf28", false, true)]
    [InlineData("half", true, true)]
    [InlineData("quarter", true, true)]
    public void Each_degradation_knows_its_media(string name, bool images, bool videos)
    {
        var how = Degradation.Parse(name)!;
        Assert.Equal((images, videos, false), (how.AppliesTo(Photo), how.AppliesTo(Film), how.AppliesTo(Film with { Kind = MediaKind.Animation })));
    }

    [Theory]
    [InlineData("jpeg")]
    [InlineData("jpeg0")]
    [InlineData("jpeg101")]
    [InlineData("crf52")]
    [InlineData("crf-1")]
    [InlineData("")]
    [InlineData("Half")]
    public void Others_are_none(string name) => Assert.Null(Degradation.Parse(name));

    [Theory]
    [InlineData("jpeg50", new byte[] { 11, 12, 14, 12, 10, 16, 14 })]
    [InlineData("jpeg30", new byte[] { 18, 20, 23, 20, 17, 27, 23 })]
    public async Task An_image_is_quantised_as_libjpeg_does_at_this_quality(string name, byte[] expected)
    {
        using var degrader = new MediaDegrader();
        var bytes = await File.ReadAllBytesAsync(await degrader.MakeAsync(Repository.Photo(1), Photo, Degradation.Parse(name)!, CancellationToken.None));
        // Table 0 in the order of the zigzag, behind marker, length, number and the first entry.
        var at = bytes.AsSpan().IndexOf([(byte)0xff, (byte)0xdb]) + 6;
        Assert.Equal(expected, bytes[at..(at + 7)]);
    }

    [Theory]
    [InlineData("half", 960, 640)]
    [InlineData("quarter", 480, 320)]
    public async Task An_image_is_scaled_and_kept_without_loss(string name, int width, int height)
    {
        using var degrader = new MediaDegrader();
        var bytes = await File.ReadAllBytesAsync(await degrader.MakeAsync(Repository.Photo(1), Photo, Degradation.Parse(name)!, CancellationToken.None));
        Assert.Equal("PNG"u8.ToArray(), bytes[1..4]);
        Assert.Equal((width, height), (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20))));
    }

    [Theory]
    [InlineData("crf28", "h264,160,120")]
    [InlineData("half", "h264,80,60")]
    public async Task A_film_of_odd_size_is_transcoded(string name, string expected)
    {
        using var folder = new SetFolder();
        var film = folder.Place("odd.mkv");
        await RunAsync("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=161x121:rate=10:duration=1", "-c:v", "ffv1", film);
        using var degrader = new MediaDegrader();
        var copy = await degrader.MakeAsync(film, Film, Degradation.Parse(name)!, CancellationToken.None);
        Assert.Equal(expected, (await RunAsync("ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", copy)).Trim());
    }

    [Fact]
    public async Task Copies_go_with_the_degrader_and_what_cannot_be_degraded_leaves_none()
    {
        using var set = new SetFolder("broken.jpg");
        string copy;
        using (var degrader = new MediaDegrader())
        {
            copy = await degrader.MakeAsync(Repository.Photo(2), Photo, Degradation.Parse("quarter")!, CancellationToken.None);
            await Assert.ThrowsAsync<InvalidDataException>(() => degrader.MakeAsync(Path.Combine(set.Path, "broken.jpg"), Photo, Degradation.Parse("half")!, CancellationToken.None));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => degrader.MakeAsync(Repository.Photo(2), Photo, Degradation.Parse("half")!, new CancellationToken(canceled: true)));
            Assert.Equal([copy], Directory.GetFiles(Path.GetDirectoryName(copy)!));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(copy)));
    }

    [Fact]
    public void The_loss_is_over_media_that_have_a_score_both_ways()
    {
        // As they are: perfect but for the last fake, whose degraded copy has no score. Degraded: half of the fakes are under all reals.
        var clean = Enumerable.Range(0, 21).Select(i => Scored(i, i < 10 ? .1 : i < 20 ? .9 : .05)).ToList();
        var degraded = Enumerable.Range(0, 21).Select(i => Scored(i, i < 10 ? .5 : i < 15 ? .9 : i < 20 ? .1 : null)).Append(Scored(21, null) with { Error = "not_degraded: x" }).ToList();
        var row = ConditionRow.Of(new Condition("crf28", degraded), clean, 500, CancellationToken.None);
        Assert.Equal((10, 10, 1, 1), (row.Real, row.Fake, row.Failed, row.Unscored));
        Assert.Equal((1.0, 0.5, 50.0), (row.Clean!.Value, row.Auc!.Value, row.Loss!.Value));
        Assert.InRange(row.Loss.Low!.Value, 5, 40);
        Assert.InRange(row.Loss.High!.Value, 60, 95);
    }

    [Fact]
    public void What_changes_nothing_costs_nothing_with_certainty_and_few_media_have_no_interval()
    {
        var clean = Enumerable.Range(0, 12).Select(i => Scored(i < 6 ? i : 10 + i, i * 7 % 12 / 12.0)).ToList();
        Assert.Equal(new Figure(0, 0, 0), ConditionRow.Of(new Condition("half", clean), clean, 50, CancellationToken.None).Loss);
        Assert.Equal(new Figure(0, null, null), ConditionRow.Of(new Condition("half", [.. clean.Skip(2)]), clean, 50, CancellationToken.None).Loss);
    }

    private static ScoredFile Scored(int number, double? probability) =>
        new(new EvaluationFile($"{(number < 10 ? "real" : "fake")}/{number}.jpg", number >= 10, "", $"{number}", $"{number}")) { Verdict = Verdict.Authentic, Probability = probability };

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
