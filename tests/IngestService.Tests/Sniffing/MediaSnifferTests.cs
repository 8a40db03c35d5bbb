using System.Text;
using Deepfake.Contracts;
using Deepfake.IngestService.Sniffing;

namespace Deepfake.IngestService.Tests.Sniffing;

public sealed class MediaSnifferTests
{
    private const string H264 = "-c:v libx264 -pix_fmt yuv420p";

    [Theory]
    [InlineData("jpg:-frames:v 1", MediaFormat.Jpeg)]
    [InlineData("png:-frames:v 1", MediaFormat.Png)]
    [InlineData("bmp:-frames:v 1", MediaFormat.Bmp)]
    [InlineData("tiff:-frames:v 1", MediaFormat.Tiff)]
    [InlineData("webp:-frames:v 1 -c:v libwebp -lossless 0", MediaFormat.Webp)]
    [InlineData("webp:-frames:v 1 -c:v libwebp -lossless 1", MediaFormat.Webp)]
    [InlineData("webp:-c:v libwebp_anim", MediaFormat.Webp)]
    [InlineData("gif", MediaFormat.Gif)]
    public void Recognises_pictures_and_reads_their_size(string recipe, MediaFormat format)
    {
        var result = Sniff(SampleMedia.Make(recipe));

        Assert.Equal(new SniffResult(format, IsPlaylist: false, new PixelSize(64, 48)), result);
    }

    [Theory]
    [InlineData("mp4:" + H264, MediaFormat.Mp4)]
    [InlineData("mp4:" + H264 + " -movflags +faststart", MediaFormat.Mp4)]
    [InlineData("mp4:" + H264 + " -movflags +frag_keyframe+empty_moov", MediaFormat.Mp4)]
    [InlineData("mp4:" + H264 + " -brand mp42", MediaFormat.Mp4)]
    [InlineData("m4v:" + H264, MediaFormat.Mp4)]
    [InlineData("3gp:-c:v mpeg4", MediaFormat.Mp4)]
    [InlineData("3g2:-c:v mpeg4", MediaFormat.Mp4)]
    [InlineData("mov:" + H264, MediaFormat.Mov)]
    [InlineData("avi:-c:v mpeg4", MediaFormat.Avi)]
    [InlineData("mkv:" + H264, MediaFormat.Mkv)]
    [InlineData("webm:-c:v libvpx", MediaFormat.Webm)]
    public void Recognises_films(string recipe, MediaFormat format) => Assert.Equal(new SniffResult(format), Sniff(SampleMedia.Make(recipe)));

    [Theory]
    [InlineData("mp3:-f lavfi -i sine=d=0.2 -map 1:a")]
    [InlineData("wav:-f lavfi -i sine=d=0.2 -map 1:a")]
    [InlineData("ogg:-f lavfi -i sine=d=0.2 -map 1:a -c:a libvorbis")]
    [InlineData("flv:-c:v flv")]
    [InlineData("ts:" + H264)]
    [InlineData("mpg:-c:v mpeg1video -r 25")]
    [InlineData("wmv:-c:v wmv2")]
    [InlineData("y4m:-pix_fmt yuv420p")]
    [InlineData("ppm:-frames:v 1")]
    [InlineData("tga:-frames:v 1")]
    public void Leaves_other_media_alone(string recipe) => Assert.Equal(default, Sniff(SampleMedia.Make(recipe)));

    [Fact]
    public void Old_films_without_a_brand_are_QuickTime()
    {
        var moov = Box("moov", Box("mvhd", new byte[100]));

        Assert.Equal(MediaFormat.Mov, Sniff(moov).Format);
        Assert.Equal(MediaFormat.Mov, Sniff([.. Box("wide", []), .. Box("mdat", new byte[64])]).Format);
        Assert.Equal(MediaFormat.Mov, Sniff([.. Box("free", new byte[20]), .. moov]).Format);
        Assert.Equal(MediaFormat.Mov, Sniff([.. Box("mdat", new byte[1000])]).Format);
        Assert.Equal(MediaFormat.Mov, Sniff([0, 0, 0, 1, .. "mdat"u8, 0, 0, 0, 0, 0, 1, 0, 0]).Format); // 64-bit length
        Assert.Equal(MediaFormat.Mov, Sniff([.. Box("skip", new byte[8]), .. Box("ftyp", [.. "qt  "u8, 0, 0, 0, 0])]).Format);
    }

    [Theory]
    [InlineData("heic", "mif1heic")]
    [InlineData("mif1", "mif1heic")]
    [InlineData("avif", "avifmif1")]
    [InlineData("avis", "avisisom")]
    [InlineData("jp2 ", "jp2 ")]
    [InlineData("XXXX", "YYYY")]
    public void Other_things_in_the_same_box_are_not_films(string major, string compatible) =>
        Assert.Null(Sniff(Box("ftyp", [.. Encoding.ASCII.GetBytes(major), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(compatible)])).Format);

    [Fact]
    public void An_unknown_brand_with_a_known_companion_is_a_film() =>
        Assert.Equal(MediaFormat.Mp4, Sniff(Box("ftyp", [.. "XXXX"u8, 0, 0, 0, 0, .. "isom"u8])).Format);

    [Theory]
    [InlineData("matroska", MediaFormat.Mkv)]
    [InlineData("webm", MediaFormat.Webm)]
    [InlineData("webm\0\0", MediaFormat.Webm)]
    [InlineData("other", null)]
    public void Matroska_and_WebM_differ_by_their_document_type(string type, MediaFormat? format)
    {
        byte[] content = [0x42, 0x86, 0x81, 0x01, 0x42, 0x82, (byte)(0x80 | type.Length), .. Encoding.ASCII.GetBytes(type)];
        byte[] file = [0x1A, 0x45, 0xDF, 0xA3, (byte)(0x80 | content.Length), .. content];

        Assert.Equal(format, Sniff(file).Format);
    }

    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd\n")]
    [InlineData("\uFEFF#EXTM3U\nhttp://127.0.0.1/\n")]
    [InlineData("  \r\n#EXTM3U\n")]
    [InlineData("ffconcat version 1.0\nfile '/etc/passwd'\n")]
    [InlineData("file '/etc/passwd'\n")]
    [InlineData("[playlist]\nFile1=/etc/passwd\n")]
    [InlineData("<?xml version=\"1.0\"?>\n<playlist xmlns=\"http://xspf.org/ns/0/\"></playlist>")]
    [InlineData("<?xml version=\"1.0\"?><!-- x --><MPD type=\"static\"></MPD>")]
    [InlineData("<?xml version=\"1.0\"?><d:MPD xmlns:d=\"urn\"></d:MPD>")]
    [InlineData("<MPD>")]
    [InlineData("<asx version=\"3.0\">")]
    [InlineData("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n")]
    [InlineData("rtsp://127.0.0.1/live")]
    public void Texts_that_name_other_files_are_playlists(string text)
    {
        Assert.Equal(new SniffResult(Format: null, IsPlaylist: true), Sniff(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(new SniffResult(Format: null, IsPlaylist: true), Sniff([.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(text.TrimStart('\uFEFF'))]));
    }

    [Fact]
    public void A_reference_movie_is_a_playlist() => Assert.True(Sniff(Box("moov", Box("rmra", new byte[40]))).IsPlaylist);

    [Theory]
    [InlineData("hello, I am a film")]
    [InlineData("BMW is a maker of cars, and this text is long enough to look like a header.")]
    [InlineData("Get free stuff here, all of it, today and tomorrow!")]
    [InlineData("A, BmoovC is not a box and never was one, so there.")]
    [InlineData("GIF is a format")]
    [InlineData("RIFF....WAVEfmt ")]
    [InlineData("RIFF....WEBPVP8?..............................")]
    [InlineData("II*")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"file:///etc/passwd\"/></svg>")]
    [InlineData("<?xml version=\"1.0\"?><note>about an MPD and a playlist</note>")]
    [InlineData("%PDF-1.7")]
    [InlineData("PK\u0003\u0004")]
    [InlineData("")]
    public void Texts_and_documents_are_nothing(string text) => Assert.Equal(default, Sniff(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Sizes_are_those_of_the_header_however_large()
    {
        byte[] png = [.. SampleMedia.Make("png:-frames:v 1")];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(16), uint.MaxValue);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(20), uint.MaxValue);

        Assert.Equal(18446744065119617025m, Sniff(png).Pixels!.Value.Count);
    }

    [Fact]
    public void A_bitmap_stored_top_down_has_its_size()
    {
        byte[] bitmap = [.. SampleMedia.Make("bmp:-frames:v 1")];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(bitmap.AsSpan(22), int.MinValue);

        Assert.Equal(new PixelSize(64, 2147483648), Sniff(bitmap).Pixels);
    }

    [Fact]
    public void A_size_behind_more_metadata_than_the_head_holds_is_left_to_the_decoder()
    {
        var jpeg = SampleMedia.Make("jpg:-frames:v 1");
        byte[] comment = [0xFF, 0xFE, 0xFF, 0xFF, .. new byte[65533]];
        byte[] file = [.. jpeg[..2], .. comment, .. comment, .. jpeg[2..]];

        Assert.Equal(new SniffResult(MediaFormat.Jpeg), Sniff(file));
        Assert.Equal(new PixelSize(64, 48), Sniff([.. jpeg[..2], 0xFF, 0xFF, 0xFE, 0x00, 0x08, 1, 2, 3, 4, 5, 6, .. jpeg[2..]]).Pixels);
    }

    private static SniffResult Sniff(byte[] file) => MediaSniffer.Sniff(file.AsSpan(0, Math.Min(file.Length, MediaSniffer.HeadLength)));

    private static byte[] Box(string type, byte[] body)
    {
        var box = new byte[8 + body.Length];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        Encoding.ASCII.GetBytes(type, box.AsSpan(4));
        body.CopyTo(box, 8);
        return box;
    }
}
