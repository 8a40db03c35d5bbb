using Deepfake.IngestService.Sniffing;
using FsCheck;
using FsCheck.Fluent;

namespace Deepfake.IngestService.Tests.Sniffing;

public sealed class MediaSnifferFuzz
{
    private static readonly string[] Samples =
    [
        "jpg:-frames:v 1", "png:-frames:v 1", "bmp:-frames:v 1", "tiff:-frames:v 1", "webp:-frames:v 1 -c:v libwebp -lossless 0",
        "webp:-frames:v 1 -c:v libwebp -lossless 1", "webp:-c:v libwebp_anim", "gif", "mp4:-c:v libx264 -pix_fmt yuv420p", "mov:-c:v libx264 -pix_fmt yuv420p",
        "avi:-c:v mpeg4", "mkv:-c:v libx264 -pix_fmt yuv420p", "webm:-c:v libvpx",
    ];

    [Fact]
    public void Random_bytes_are_never_accepted_and_never_throw() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => MediaSniffer.Sniff(bytes) == default).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(400));

    [Fact]
    public void Random_bytes_behind_a_magic_number_never_throw()
    {
        byte[][] magic =
        [
            [0xFF, 0xD8, 0xFF], [0x89, .. "PNG\r\n\x1a\n\0\0\0\rIHDR"u8], [.. "GIF89a"u8], [.. "BM"u8], [.. "II*\0"u8], [.. "MM\0*"u8], [.. "RIFF\0\0\0\0WEBPVP8 "u8], [.. "RIFF\0\0\0\0WEBPVP8L"u8],
            [.. "RIFF\0\0\0\0WEBPVP8X"u8], [.. "RIFF\0\0\0\0AVI "u8], [0x1A, 0x45, 0xDF, 0xA3], [0, 0, 0, 0x18, .. "ftyp"u8], [0, 0, 0, 8, .. "wide"u8], [0, 0, 0, 0x40, .. "moov"u8],
            [0, 0, 0, 1, .. "free"u8], [.. "<?xml"u8],
        ];
        var files = from head in Gen.Elements(magic) from rest in ArbMap.Default.GeneratorFor<byte[]>() select (byte[])[.. head, .. rest];

        Prop.ForAll(files.ToArbitrary(), bytes =>
        {
            MediaSniffer.Sniff(bytes);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(400));
    }

    [Fact]
    public void Real_files_cut_anywhere_or_with_bytes_changed_never_throw()
    {
        var samples = Array.ConvertAll(Samples, SampleMedia.Make);
        var changes =
            from sample in Gen.Elements(samples)
            from length in Gen.Choose(0, Math.Min(sample.Length, 2000))
            from edits in Gen.ListOf(from at in Gen.Choose(0, Math.Max(0, length - 1)) from value in Gen.Choose(0, 255) select (at, value))
            select (sample, length, edits);

        Prop.ForAll(changes.ToArbitrary(), change =>
        {
            var bytes = change.sample[..change.length];
            foreach (var (at, value) in change.edits)
                if (at < bytes.Length) bytes[at] = (byte)value;
            MediaSniffer.Sniff(bytes);
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(20));
    }
}
