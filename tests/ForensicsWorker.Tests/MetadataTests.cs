using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Headers;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class MetadataTests
{
    [Theory]
    [InlineData("camera.jpg", MediaFormat.Jpeg, 0.0, "camera")]
    [InlineData("camera.webp", MediaFormat.Webp, 0.0, "camera")]
    [InlineData("editor.jpg", MediaFormat.Jpeg, 0.5, "Adobe Photoshop")]
    [InlineData("editor.tif", MediaFormat.Tiff, 0.5, "GIMP")]
    [InlineData("generator.png", MediaFormat.Png, 1.0, "Stable Diffusion")]
    [InlineData("comment.png", MediaFormat.Png, 0.0, "no evidence")]
    public void Origin_is_told(string sample, MediaFormat format, double score, string says)
    {
        var result = Measure(format, TestMaterial.Sample(sample));
        Assert.Equal(score, result.Score);
        Assert.Contains(says, result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, 300, "2024:05:01 10:00:00", 0.0)]
    [InlineData(300, 400, "2024:05:01 10:00:00", 0.0)]
    [InlineData(800, 600, "2024:05:01 10:00:00", 0.4)]
    [InlineData(400, 300, "2024:05:02 09:00:00", 0.4)]
    public void Notes_of_the_camera_are_compared_with_the_picture(int width, int height, string changed, double raw)
    {
        var material = TestMaterial.Of(TestMaterial.Pack(), format: MediaFormat.Tiff, head: Tiff(width, height, "2024:05:01 10:00:00", changed));
        var index = TestMaterial.Index(400, []) with { Height = 300 };
        Assert.Equal(raw, TestMaterial.Measure(new MetadataSignal(), material with { Index = index }).Raw);
    }

    [Theory]
    [InlineData("plain.png", MediaFormat.Png)]
    [InlineData("quality-50.jpg", MediaFormat.Jpeg)]
    public void Absence_is_no_evidence(string sample, MediaFormat format) => Assert.Null(Measure(format, TestMaterial.Sample(sample)).Score);

    [Fact]
    public void Camera_fields_are_read()
    {
        var exif = ImageMetadata.Read(MediaFormat.Jpeg, TestMaterial.Sample("editor.jpg")).Exif!;
        Assert.Equal(("Canon", "Canon EOS 5D", "Adobe Photoshop 25.0 (Windows)"), (exif.Make, exif.Model, exif.Software));
    }

    [Theory]
    [InlineData("camera.jpg", MediaFormat.Jpeg)]
    [InlineData("camera.webp", MediaFormat.Webp)]
    [InlineData("editor.tif", MediaFormat.Tiff)]
    [InlineData("generator.png", MediaFormat.Png)]
    public void Damaged_files_do_no_harm(string sample, MediaFormat format)
    {
        var file = TestMaterial.Sample(sample);
        for (var length = 0; length < file.Length; length++) Measure(format, file[..length]);
        for (var i = 0; i < file.Length; i++)
        {
            var changed = (byte[])file.Clone();
            changed[i] = 0xFF;
            Measure(format, changed);
        }
    }

    [Fact]
    public void Claims_larger_than_the_file_are_cut()
    {
        byte[] tiff = [.. "II*\0"u8, 8, 0, 0, 0, 255, 255, 0x0F, 1, 2, 0, 255, 255, 255, 255, 9, 0, 0, 0, 0x10, 1, 2, 0, 255, 255, 255, 255, 255, 255, 255, 255];
        var exif = ExifReader.Read(tiff);
        Assert.NotNull(exif);
        Assert.Null(exif.Model);
    }

    private static Measurement Measure(MediaFormat format, byte[] head) => TestMaterial.Measure(new MetadataSignal(), TestMaterial.Of(TestMaterial.Pack(), format: format, head: head));

    /// <summary>A directory with make and date of change, and an EXIF directory with size and date.</summary>
    private static byte[] Tiff(int width, int height, string taken, string changed)
    {
        const int inner = 8 + 2 + 3 * 12 + 4, texts = inner + 2 + 3 * 12 + 4;
        return
        [
            .. "II*\0"u8, .. Number(8), 3, 0, .. Entry(0x010F, 2, 4, 0x6E6143), .. Entry(0x0132, 2, 20, texts), .. Entry(0x8769, 4, 1, inner), .. Number(0),
            3, 0, .. Entry(0x9003, 2, 20, texts + 20), .. Entry(0xA002, 4, 1, width), .. Entry(0xA003, 4, 1, height), .. Number(0),
            .. System.Text.Encoding.ASCII.GetBytes(changed), 0, .. System.Text.Encoding.ASCII.GetBytes(taken), 0,
        ];

        static byte[] Number(int value) => BitConverter.GetBytes(value);

        static byte[] Entry(int tag, int type, int count, int value) => [(byte)tag, (byte)(tag >> 8), (byte)type, 0, .. Number(count), .. Number(value)];
    }
}
