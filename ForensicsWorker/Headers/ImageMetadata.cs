using System.Buffers.Binary;
using System.Text;
using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Headers;

/// <summary>Texts that an image carries beside its pixels.</summary>
public sealed class ImageMetadata
{
    private const int MaxChunks = 1024, MaxChunkText = 4096, MaxXmp = 256 * 1024;
    private readonly StringBuilder _texts = new();

    private ImageMetadata()
    {
    }

    /// <summary>EXIF of the picture; null for none.</summary>
    public ExifText? Exif { get; private set; }

    /// <summary>Whether there is an XMP packet.</summary>
    public bool HasXmp { get; private set; }

    /// <summary>Whether there is a C2PA manifest. Its signature is not checked here.</summary>
    public bool HasContentCredentials { get; private set; }

    /// <summary>All texts in one, for searching: software, descriptions, comments, XMP.</summary>
    public string Texts => _texts.ToString();

    /// <summary>Reads the first bytes of an image, never past them; what is damaged is left out.</summary>
    public static ImageMetadata Read(MediaFormat format, ReadOnlySpan<byte> head)
    {
        var metadata = new ImageMetadata();
        switch (format)
        {
            case MediaFormat.Jpeg:
                metadata.ReadJpeg(head);
                break;
            case MediaFormat.Png:
                metadata.ReadPng(head);
                break;
            case MediaFormat.Webp:
                metadata.ReadWebp(head);
                break;
            case MediaFormat.Tiff:
                metadata.AddExif(head);
                break;
        }

        return metadata;
    }

    private void ReadJpeg(ReadOnlySpan<byte> file)
    {
        if (JpegHeader.Parse(file) is not { } header) return;
        foreach (var segment in header.Segments)
        {
            var content = file.Slice(segment.Offset, segment.Length);
            switch (segment.Marker)
            {
                case 0xE1 when content.StartsWith("Exif\0\0"u8):
                    AddExif(content[6..]);
                    break;
                case 0xE1 when content.StartsWith("http://ns.adobe.com/xap/1.0/\0"u8):
                    AddXmp(content[29..]);
                    break;
                case 0xEB when content.IndexOf("c2pa"u8) >= 0:
                    HasContentCredentials = true;
                    break;
                case 0xED when content.StartsWith("Photoshop 3.0\0"u8):
                    Add("Adobe Photoshop resources");
                    break;
                case 0xFE:
                    AddText(content);
                    break;
            }
        }
    }

    private void ReadPng(ReadOnlySpan<byte> file)
    {
        var at = 8L;
        for (var chunk = 0; chunk < MaxChunks && at + 12 <= file.Length; chunk++)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[(int)at..]);
            var type = file.Slice((int)at + 4, 4);
            if (at + 8 + length > file.Length) return;
            var content = file.Slice((int)at + 8, (int)length);
            if (type.SequenceEqual("eXIf"u8)) AddExif(content);
            else if (type.SequenceEqual("caBX"u8)) HasContentCredentials = true;
            else if (type.SequenceEqual("iTXt"u8) && content.StartsWith("XML:com.adobe.xmp\0"u8)) AddXmp(content[18..]);
            else if (type.SequenceEqual("tEXt"u8) || type.SequenceEqual("iTXt"u8)) AddPngText(content);
            at += 12 + length;
        }
    }

    private void AddPngText(ReadOnlySpan<byte> content)
    {
        // Image generators keep their prompt under these keywords, whatever its words are.
        if (content.StartsWith("parameters\0"u8)) Add("Stable Diffusion parameters");
        else if (content.StartsWith("workflow\0"u8) || content.StartsWith("prompt\0"u8)) Add("ComfyUI workflow");
        AddText(content);
    }

    private void ReadWebp(ReadOnlySpan<byte> file)
    {
        var at = 12L;
        for (var chunk = 0; chunk < MaxChunks && at + 8 <= file.Length; chunk++)
        {
            var type = file.Slice((int)at, 4);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(file[((int)at + 4)..]);
            if (at + 8 + length > file.Length) return;
            var content = file.Slice((int)at + 8, (int)length);
            if (type.SequenceEqual("EXIF"u8)) AddExif(content.StartsWith("Exif\0\0"u8) ? content[6..] : content);
            else if (type.SequenceEqual("XMP "u8)) AddXmp(content);
            else if (type.SequenceEqual("C2PA"u8)) HasContentCredentials = true;
            at += 8 + length + (length & 1);
        }
    }

    private void AddExif(ReadOnlySpan<byte> tiff)
    {
        if (ExifReader.Read(tiff) is not { } exif) return;
        Exif ??= exif;
        Add(exif.Software);
        Add(exif.Description);
        Add(exif.Artist);
    }

    private void AddXmp(ReadOnlySpan<byte> packet)
    {
        HasXmp = true;
        Add(Encoding.UTF8.GetString(packet[..Math.Min(packet.Length, MaxXmp)]));
    }

    private void AddText(ReadOnlySpan<byte> text) => Add(Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxChunkText)]));

    private void Add(string? text)
    {
        if (!string.IsNullOrWhiteSpace(text) && _texts.Length < 2 * MaxXmp) _texts.AppendLine(text);
    }
}
