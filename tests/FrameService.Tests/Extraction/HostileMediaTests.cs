using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Deepfake.Contracts;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Tests.Decoding;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Extraction;

[Collection(MediaTests.Name)]
public sealed class HostileMediaTests(MediaWorkshop workshop, Detectors detectors)
{
    /// <summary>Two seconds on an idle machine; tests share theirs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    public static TheoryData<MediaFormat> Formats => [.. Enum.GetValues<MediaFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_truncated_file_is_named_so(MediaFormat format)
    {
        var whole = await File.ReadAllBytesAsync(Samples.Of(workshop, format));
        await AssertFaultAsync(ErrorCodes.Truncated, workshop.Write($"cut-{format}", whole.AsSpan(0, whole.Length * 2 / 3)), format);
    }

    [Fact]
    public async Task A_huge_picture_is_refused_before_it_is_decoded()
    {
        foreach (var side in new[] { 20_000, 60_000, 2_000_000_000 })
            await AssertFaultAsync(ErrorCodes.TooManyPixels, workshop.Write($"huge-{side}.png", Png(side, side)), MediaFormat.Png);
    }

    [Fact]
    public async Task A_bomb_within_the_limits_of_its_header_costs_bounded_memory()
    {
        // 80 million pixels of one colour in 80 kB: allowed, and scaled down by the decoder.
        var path = workshop.Make("bomb.png", "-f", "lavfi", "-i", "color=gray:size=8944x8944", "-frames:v", "1", "-pix_fmt", "gray");
        var run = await StageRun.OfAsync(path, MediaFormat.Png, detectors.Finder);
        Assert.Equal((8944, 8944), (run.Index.Width, run.Index.Height));
        Assert.Contains(run.Index.Warnings, warning => warning.Contains("scaled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1_000_000, 1)]
    [InlineData(1, 1_000_000)]
    public async Task A_picture_with_a_side_of_a_million_pixels_is_looked_at(int width, int height)
    {
        var run = await StageRun.OfAsync(workshop.Write($"strip-{width}.png", Png(width, height, height * (width + 1))), MediaFormat.Png, detectors.Finder);
        Assert.Equal((width, height), (run.Index.Width, run.Index.Height));
    }

    [Theory]
    [InlineData(MediaFormat.Mp4)]
    [InlineData(MediaFormat.Mov)]
    [InlineData(MediaFormat.Avi)]
    [InlineData(MediaFormat.Mkv)]
    [InlineData(MediaFormat.Webm)]
    [InlineData(MediaFormat.Gif)]
    [InlineData(MediaFormat.Jpeg)]
    [InlineData(MediaFormat.Png)]
    public async Task A_playlist_by_any_name_opens_nothing(MediaFormat format)
    {
        var secret = Samples.Of(workshop, MediaFormat.Mp4);
        foreach (var text in new[] { $"#EXTM3U\n#EXTINF:4,\nfile://{secret}\n#EXT-X-ENDLIST\n", $"ffconcat version 1.0\nfile '{secret}'\n", $"file:{secret}\n" })
            Assert.Contains(await FaultAsync(workshop.Write($"list-{format}", Encoding.UTF8.GetBytes(text)), format), new[] { ErrorCodes.Corrupt, ErrorCodes.Truncated });
    }

    [Fact]
    public async Task A_quicktime_file_that_refers_to_another_file_does_not_get_it()
    {
        var secret = Samples.Of(workshop, MediaFormat.Mov);
        var reference = await File.ReadAllBytesAsync(workshop.Make("refers.mov", "-i", secret, "-c", "copy", "-movflags", "+faststart"));

        // The data reference is made one to another file (no self-contained flag), and the own samples are wiped out.
        var at = reference.AsSpan().IndexOf("dref"u8);
        var entry = reference.AsSpan(at + 12);
        Assert.True(entry[4..8].SequenceEqual("url "u8) || entry[4..8].SequenceEqual("alis"u8));
        entry[11] = 0;
        var data = reference.AsSpan().IndexOf("mdat"u8) + 4;
        reference.AsSpan(data).Clear();
        await AssertFaultAsync(ErrorCodes.Corrupt, workshop.Write("refers-out.mov", reference), MediaFormat.Mov);
    }

    [Fact]
    public async Task Sound_without_a_picture_is_named_so()
    {
        foreach (var (name, format) in new[] { ("sound.mp4", MediaFormat.Mp4), ("sound.mkv", MediaFormat.Mkv) })
            await AssertFaultAsync(ErrorCodes.NoVideo, workshop.Make(name, "-f", "lavfi", "-i", "sine=duration=1", "-c:a", "aac"), format);
    }

    [Fact]
    public async Task A_cover_picture_is_no_film()
    {
        var cover = workshop.Still("jpg", 320);
        var path = workshop.Make("cover.mp4", "-f", "lavfi", "-i", "sine=duration=1", "-i", cover, "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "mjpeg", "-disposition:v:0", "attached_pic");
        await AssertFaultAsync(ErrorCodes.NoVideo, path, MediaFormat.Mp4);
    }

    [Fact]
    public async Task Noise_in_a_whole_container_is_corrupt()
    {
        var film = await File.ReadAllBytesAsync(workshop.Make("front.mp4", "-i", Samples.Of(workshop, MediaFormat.Mp4), "-c", "copy", "-movflags", "+faststart"));
        new Random(2).NextBytes(film.AsSpan(film.AsSpan().IndexOf("mdat"u8) + 4));
        await AssertFaultAsync(ErrorCodes.Corrupt, workshop.Write("noise.mp4", film), MediaFormat.Mp4);

        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 1, 0, 1, 0, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9];
        await AssertFaultAsync(ErrorCodes.Corrupt, workshop.Write("noise.jpg", jpeg), MediaFormat.Jpeg);
    }

    [Fact]
    public async Task A_film_or_animation_above_the_limit_is_too_long()
    {
        await AssertFaultAsync(ErrorCodes.TooLong, Samples.Of(workshop, MediaFormat.Mp4), MediaFormat.Mp4, new FrameServiceOptions { MaxSeconds = 1 });
        await AssertFaultAsync(ErrorCodes.TooLong, Samples.AnimatedWebp(workshop), MediaFormat.Webp, new FrameServiceOptions { MaxSeconds = 0.5 });
    }

    [Fact]
    public async Task An_animation_of_countless_frames_is_looked_at_as_far_as_the_budget_goes()
    {
        var run = await StageRun.OfAsync(
            Samples.AnimatedWebp(workshop), MediaFormat.Webp, detectors.Finder, new FrameServiceOptions { OnePassPixels = 4 * 640 * 400, FramesPerAnimation = 8 });
        Assert.Equal(4, run.Index.Frames.Count);
        Assert.Contains(run.Index.Warnings, warning => warning.StartsWith("4 of 12", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cancelled_analysis_leaves_no_child_and_holds_no_file()
    {
        var film = workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "ultrafast");
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(0.2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StageRun.OfAsync(film, MediaFormat.Mp4, detectors.Finder, null, stop.Token));
        Assert.Empty(FfmpegDecoderTests.ChildrenWith(film));
    }

    [Fact]
    public async Task A_film_damaged_in_the_middle_is_looked_at_and_said_to_be()
    {
        var film = await File.ReadAllBytesAsync(workshop.Make("damaged.mp4", "-i", Samples.Of(workshop, MediaFormat.Mp4), "-c", "copy", "-movflags", "+faststart"));
        var data = film.AsSpan().IndexOf("mdat"u8) + 4;
        new Random(3).NextBytes(film.AsSpan(data + (film.Length - data) / 2, 4000));
        var run = await StageRun.OfAsync(workshop.Write("damaged-out.mp4", film), MediaFormat.Mp4, detectors.Finder);
        Assert.InRange(run.Index.Frames.Count, 20, 32);
        Assert.Contains(run.Index.Warnings, warning => warning.Contains("damaged", StringComparison.Ordinal));
    }

    private async Task AssertFaultAsync(string code, string path, MediaFormat format, FrameServiceOptions? options = null) =>
        Assert.Equal(code, await FaultAsync(path, format, options));

    private async Task<string> FaultAsync(string path, MediaFormat format, FrameServiceOptions? options = null) =>
        await FaultOrNullAsync(path, format, options) ?? throw new InvalidOperationException("The file was accepted.");

    /// <summary>The error code, in time, without anything left behind.</summary>
    private async Task<string?> FaultOrNullAsync(string path, MediaFormat format, FrameServiceOptions? options = null)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            await StageRun.OfAsync(path, format, detectors.Finder, options);
            return null;
        }
        catch (MediaException e)
        {
            Assert.DoesNotContain("/", e.Message.Replace("https://", "", StringComparison.Ordinal));
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Patience);
            return e.Code;
        }
        finally
        {
            Assert.Empty(Directory.GetFileSystemEntries(workshop.Temp));
            Assert.Empty(FfmpegDecoderTests.ChildrenWith(path));
        }
    }

    /// <summary>A grey picture of any size: its header says so, its data is a few bytes.</summary>
    private static byte[] Png(int width, int height, int bytes = 100)
    {
        byte[] header = [0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header, width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(new byte[bytes]);
        return [0x89, .. "PNG\r\n\x1a\n"u8, .. Chunk("IHDR", header), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        var (length, crc) = (new byte[4], new byte[4]);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(crc, Crc(body));
        return [.. length, .. body, .. crc];
    }

    private static uint Crc(byte[] data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var i = 0; i < 8; i++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
