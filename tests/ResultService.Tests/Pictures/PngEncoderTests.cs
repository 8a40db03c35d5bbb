using System.Diagnostics;
using Deepfake.ResultService.Pictures;

namespace Deepfake.ResultService.Tests.Pictures;

public sealed class PngEncoderTests
{
    [Fact]
    public void A_black_pixel_is_written_byte_for_byte_as_the_standard_says()
    {
        var png = PngEncoder.Encode([0, 0, 0], 1, 1);

        Assert.Equal("89504e470d0a1a0a" + "0000000d49484452" + "0000000100000001" + "0802000000907753de", Convert.ToHexStringLower(png.AsSpan(0, 33)));
        Assert.Equal("0000000049454e44ae426082", Convert.ToHexStringLower(png.AsSpan(png.Length - 12)));
    }

    [Fact]
    public async Task Ffmpeg_reads_back_the_very_pixels()
    {
        const int width = 61, height = 37;
        var rgb = new byte[width * height * 3];
        new Random(3).NextBytes(rgb);
        var folder = Directory.CreateTempSubdirectory("png-");
        try
        {
            var path = Path.Combine(folder.FullName, "a.png");
            await File.WriteAllBytesAsync(path, PngEncoder.Encode(rgb, width, height));
            using var ffmpeg = Process.Start(new ProcessStartInfo("ffmpeg", ["-v", "error", "-err_detect", "explode", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
            using var decoded = new MemoryStream();
            await ffmpeg.StandardOutput.BaseStream.CopyToAsync(decoded);
            await ffmpeg.WaitForExitAsync();

            Assert.Equal(rgb, decoded.ToArray());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(2, 2, 11)]
    [InlineData(-1, -1, 3)]
    public void A_size_that_does_not_fit_is_refused(int width, int height, int bytes) =>
        Assert.Throws<ArgumentException>(() => PngEncoder.Encode(new byte[bytes], width, height));
}
