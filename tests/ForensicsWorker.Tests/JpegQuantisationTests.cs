using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Headers;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class JpegQuantisationTests
{
    [Theory]
    [InlineData("quality-5.jpg", 5)]
    [InlineData("quality-30.jpg", 30)]
    [InlineData("quality-50.jpg", 50)]
    [InlineData("quality-75.jpg", 75)]
    [InlineData("quality-90.jpg", 90)]
    [InlineData("quality-95.jpg", 95)]
    public void Quality_of_libjpeg_is_found(string sample, int quality)
    {
        var result = Measure(TestMaterial.Sample(sample));
        Assert.Equal(quality, result.Values["quality"]);
        Assert.Equal(quality, result.Values["chroma_quality"]);
        Assert.Equal(1, result.Values["standard_tables"]);
        Assert.Equal(0, result.Score);
        Assert.Contains(quality == 95 ? "4:4:4" : "4:2:0", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_progressive_file_is_read()
    {
        var result = Measure(TestMaterial.Sample("progressive-80-422.jpg"));
        Assert.Equal(80, result.Values["quality"]);
        Assert.Equal(1, result.Values["progressive"]);
        Assert.Contains("4:2:2", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_grey_file_has_one_table()
    {
        var result = Measure(TestMaterial.Sample("grey-85.jpg"));
        Assert.Equal(85, result.Values["quality"]);
        Assert.Equal(1, result.Values["components"]);
        Assert.DoesNotContain("chroma_quality", result.Values.Keys);
    }

    [Fact]
    public void Tables_of_ffmpeg_are_no_standard_ones_and_no_evidence()
    {
        Measurement fine = Measure(TestMaterial.Sample("ffmpeg-q2.jpg")), coarse = Measure(TestMaterial.Sample("ffmpeg-q12.jpg"));
        Assert.All(new[] { fine, coarse }, result =>
        {
            Assert.Equal(0, result.Values["standard_tables"]);
            Assert.Equal(0, result.Score);
            Assert.StartsWith("Tables as ffmpeg or a film writes them", result.Reason, StringComparison.Ordinal);
        });
        Assert.True(fine.Values["quality"] > coarse.Values["quality"] + 20);
    }

    [Fact]
    public void Tables_of_mozjpeg_are_known()
    {
        // jpeg_quality_scaling of mozjpeg's table 3 at 75: half of each, rounded up, in zigzag order.
        int[] table =
        [
            8, 8, 8, 8, 9, 8, 9, 10, 10, 9, 13, 14, 12, 14, 13, 19, 17, 16, 16, 17, 19, 28, 20, 22, 20, 22, 20, 28, 43, 27, 31, 27,
            27, 31, 27, 43, 38, 46, 37, 35, 37, 46, 38, 68, 53, 47, 47, 53, 68, 78, 66, 62, 66, 78, 95, 85, 85, 95, 119, 113, 119, 156, 156, 209,
        ];
        Assert.Equal("mozjpeg at quality 75", QuantisationTables.KnownSource(table));
        for (var quality = 1; quality < 100; quality++) Assert.True(QuantisationTables.KnownSource(QuantisationTables.Standard(false, quality)) is null || quality < 3);
    }

    [Fact]
    public void Slightly_changed_tables_are_estimated_within_two_points()
    {
        var random = new Random(1);
        for (var quality = 10; quality <= 96; quality++)
        {
            var table = QuantisationTables.Standard(false, quality);
            for (var i = 0; i < 64; i += 7) table[i] = Math.Max(1, table[i] + random.Next(-1, 2));
            Assert.InRange(QuantisationTables.Estimate(table, false).Quality, quality - 2, quality + 2);
        }
    }

    [Fact]
    public void Different_qualities_of_luma_and_colour_are_told()
    {
        var file = TestMaterial.Sample("quality-90.jpg");
        // The tables begin after marker, length and number; the second one is the colour's.
        var chroma = QuantisationTables.Standard(true, 90).Select(v => (byte)v).ToArray();
        var at = file.AsSpan().IndexOf(chroma);
        QuantisationTables.Standard(true, 40).Select(v => (byte)v).ToArray().CopyTo(file.AsSpan(at));
        var result = Measure(file);
        Assert.Equal((90, 40), (result.Values["quality"], result.Values["chroma_quality"]));
        Assert.Equal(1, result.Score);
    }

    [Fact]
    public void Other_formats_are_not_measured() =>
        Assert.Null(TestMaterial.Measure(new JpegQuantisationSignal(), TestMaterial.Of(TestMaterial.Pack(), head: TestMaterial.Sample("plain.png"))).Score);

    [Fact]
    public void Every_cut_of_a_file_is_read_or_refused()
    {
        var file = TestMaterial.Sample("camera.jpg");
        for (var length = 0; length < file.Length; length++) Measure(file[..length]);
    }

    [Fact]
    public void Every_changed_byte_of_a_header_is_read_or_refused()
    {
        var file = TestMaterial.Sample("quality-50.jpg");
        foreach (var value in new byte[] { 0, 1, 0x7F, 0xFF, 0xDB, 0xC0 })
        {
            for (var i = 0; i < 400; i++)
            {
                var changed = (byte[])file.Clone();
                changed[i] = value;
                Measure(changed);
                TestMaterial.Measure(new MetadataSignal(), TestMaterial.Of(TestMaterial.Pack(), format: MediaFormat.Jpeg, head: changed));
            }
        }
    }

    [Fact]
    public void Segments_without_end_are_given_up()
    {
        var flood = new byte[4 * 1024 * 1024];
        flood[0] = 0xFF;
        flood[1] = 0xD8;
        for (var i = 2; i + 4 <= flood.Length; i += 4) (flood[i], flood[i + 1], flood[i + 2], flood[i + 3]) = (0xFF, 0xE5, 0, 2);
        Assert.Null(JpegHeader.Parse(flood));
        flood.AsSpan(2).Fill(0xFF);
        Assert.Null(JpegHeader.Parse(flood));
        for (var i = 2; i + 2 <= flood.Length; i += 2) flood[i + 1] = 0xD0;
        Assert.Null(JpegHeader.Parse(flood));
    }

    private static Measurement Measure(byte[] head) => TestMaterial.Measure(new JpegQuantisationSignal(), TestMaterial.Of(TestMaterial.Pack(), format: MediaFormat.Jpeg, head: head));
}
