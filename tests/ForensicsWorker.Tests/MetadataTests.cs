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
}
