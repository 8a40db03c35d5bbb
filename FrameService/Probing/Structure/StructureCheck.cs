using Deepfake.Contracts;

namespace Deepfake.FrameService.Probing.Structure;

/// <summary>
/// Finds files that were cut off before a decoder sees them: decoders show what is there and say nothing. Reads headers only, follows
/// lengths, decodes nothing.
/// </summary>
internal static class StructureCheck
{
    /// <summary>Checks a file.</summary>
    /// <exception cref="MediaException"><see cref="ErrorCodes.Truncated"/> or <see cref="ErrorCodes.Corrupt"/>.</exception>
    public static StructureFacts Inspect(string path, MediaFormat format)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024);
        return Inspect(file, format);
    }

    /// <inheritdoc cref="Inspect(string, MediaFormat)"/>
    public static StructureFacts Inspect(Stream file, MediaFormat format)
    {
        try
        {
            var reader = new ByteReader(file);
            return format switch
            {
                MediaFormat.Jpeg => JpegStructure.Read(reader),
                MediaFormat.Png => PngStructure.Read(reader),
                MediaFormat.Gif => GifStructure.Read(reader),
                MediaFormat.Webp => WebpStructure.Read(reader),
                MediaFormat.Bmp => BmpStructure.Read(reader),
                MediaFormat.Tiff => TiffStructure.Read(reader),
                MediaFormat.Mp4 or MediaFormat.Mov => IsoStructure.Read(reader),
                MediaFormat.Avi => AviStructure.Read(reader),
                MediaFormat.Mkv or MediaFormat.Webm => MatroskaStructure.Read(reader),
                _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
            };
        }
        catch (Exception e) when (e is TruncatedException or OverflowException)
        {
            throw new MediaException(ErrorCodes.Truncated, "The file ends before its content does.", e);
        }
        catch (InvalidDataException e)
        {
            throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded: " + e.Message, e);
        }
    }
}
