using System.Buffers.Binary;
using System.Text;
using Deepfake.Contracts;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Probing.Structure;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Probing;

[Collection(MediaTests.Name)]
public sealed class StructureCheckTests(MediaWorkshop workshop)
{
    public static TheoryData<MediaFormat> Formats => [.. Enum.GetValues<MediaFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_whole_file_passes(MediaFormat format)
    {
        var facts = StructureCheck.Inspect(Samples.Of(workshop, format), format);
        if (format < MediaFormat.Mp4) Assert.InRange(facts.Width, 300, 960);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_file_that_was_cut_off_anywhere_is_truncated(MediaFormat format)
    {
        var whole = File.ReadAllBytes(Samples.Of(workshop, format));
        foreach (var share in new[] { 0.1, 0.35, 0.5, 0.8, 0.95 }) Assert.Equal(ErrorCodes.Truncated, CodeOf(whole[..(int)(whole.Length * share)], format));
        Assert.Equal(ErrorCodes.Truncated, CodeOf(whole[..^1], format));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Any_bytes_give_an_error_code_and_nothing_else(MediaFormat format)
    {
        var whole = File.ReadAllBytes(Samples.Of(workshop, format));
        var random = new Random((int)format);
        for (var i = 0; i < 300; i++)
        {
            var bytes = whole[..random.Next(Math.Min(whole.Length, 4000))];
            for (var k = 0; k < 20 && bytes.Length > 12; k++) bytes[random.Next(4, bytes.Length)] = (byte)random.Next(256);
            CodeOf(bytes, format);
        }
    }

    [Fact]
    public void A_jpeg_with_a_thumbnail_inside_is_not_whole_because_the_thumbnail_is()
    {
        var photo = File.ReadAllBytes(workshop.Still("jpg", 320));
        byte[] segment = [0xFF, 0xE1, 0, 0, .. photo];
        if (photo.Length + 2 > ushort.MaxValue) Array.Resize(ref segment, ushort.MaxValue);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(2), (ushort)(segment.Length - 2));
        byte[] with = [.. photo[..2], .. segment, .. photo[2..]];
        Assert.Null(CodeOf(with, MediaFormat.Jpeg));
        Assert.Equal(ErrorCodes.Truncated, CodeOf(with[..^200], MediaFormat.Jpeg));
    }

    [Fact]
    public void A_tiff_that_names_one_long_list_again_and_again_costs_little()
    {
        const int entries = ushort.MaxValue, values = 60_000, list = 8 + 2 + 12 * entries + 4;
        var file = new byte[list + 4 * values];
        "II*\0"u8.CopyTo(file);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(4), 8);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), entries);
        for (var i = 0; i < entries; i++)
        {
            var entry = file.AsSpan(10 + 12 * i);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)(i < 2 ? 256 + i : 273));
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], 4);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], i < 2 ? 1u : values);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], i < 2 ? 32u : list);
        }

        using var stream = new CountingStream(file);
        Assert.Equal(ErrorCodes.Corrupt, Assert.Throws<MediaException>(() => StructureCheck.Inspect(stream, MediaFormat.Tiff)).Code);
        Assert.InRange(stream.Reads, 1, 100_000);
    }

    [Fact]
    public void Bytes_behind_the_end_of_a_picture_do_not_matter()
    {
        foreach (var format in new[] { MediaFormat.Jpeg, MediaFormat.Png, MediaFormat.Gif })
            Assert.Null(CodeOf([.. File.ReadAllBytes(Samples.Of(workshop, format)), 0, 0, 1, 2, 3], format));
    }

    [Fact]
    public void A_film_without_its_index_is_truncated()
    {
        var box = "\0\0\0\x10ftypisom\0\0\0\0"u8.ToArray();
        Assert.Equal(ErrorCodes.Truncated, CodeOf([.. box, 0, 0, 0, 12, .. "mdat"u8, 1, 2, 3, 4], MediaFormat.Mp4));
        Assert.Equal(ErrorCodes.Truncated, CodeOf([.. box, 0, 0, 0, 1, .. "mdat"u8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], MediaFormat.Mp4));
    }

    [Fact]
    public void A_live_recording_of_unknown_length_is_whole()
    {
        byte[] header = [0x1A, 0x45, 0xDF, 0xA3, 0x80, 0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3];
        Assert.Null(CodeOf(header, MediaFormat.Webm));
        header[9] = 0x08;
        Assert.Equal(ErrorCodes.Truncated, CodeOf(header, MediaFormat.Webm));
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")]
    [InlineData("ffconcat version 1.0\nfile /etc/passwd\n")]
    [InlineData("just a text that someone named .mp4")]
    public void A_text_is_no_film(string text)
    {
        foreach (var format in Enum.GetValues<MediaFormat>()) Assert.NotNull(CodeOf(Encoding.UTF8.GetBytes(text), format));
    }

    [Fact]
    public void Frames_of_an_animation_are_counted()
    {
        Assert.Equal(12, StructureCheck.Inspect(Samples.Of(workshop, MediaFormat.Gif), MediaFormat.Gif).Pictures);
        var webp = StructureCheck.Inspect(Samples.AnimatedWebp(workshop), MediaFormat.Webp);
        Assert.Equal(12, webp.WebpFrames!.Count);
        Assert.All(webp.WebpFrames, frame => Assert.InRange(frame.Milliseconds, 79, 81));
    }

    private static string? CodeOf(byte[] bytes, MediaFormat format)
    {
        try
        {
            StructureCheck.Inspect(new MemoryStream(bytes), format);
            return null;
        }
        catch (MediaException e)
        {
            return e.Code;
        }
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public int Reads { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            Reads++;
            return base.Read(buffer);
        }
    }
}
