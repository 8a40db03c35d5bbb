using Deepfake.Contracts;

namespace Deepfake.FrameService.Export;

/// <summary>A line of the list.</summary>
/// <param name="Name">Path as the list gives it.</param>
/// <param name="Path">Absolute path.</param>
internal sealed record ListedMedium(string Name, string Path);

/// <summary>Reads the list of media. Fields hold no quotes, commas or line breaks.</summary>
internal static class MediaList
{
    /// <summary>Reads the column <c>path</c>.</summary>
    /// <exception cref="InvalidDataException">There is no such column.</exception>
    public static IReadOnlyList<ListedMedium> Read(string file)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(file)) ?? "/";
        using var lines = File.ReadLines(file).GetEnumerator();
        var column = lines.MoveNext() ? Array.IndexOf(lines.Current.Split(','), "path") : -1;
        if (column < 0) throw new InvalidDataException("The list has no column 'path'.");
        var media = new List<ListedMedium>();
        while (lines.MoveNext())
        {
            if (lines.Current.Length == 0) continue;
            var name = lines.Current.Split(',')[column];
            media.Add(new ListedMedium(name, System.IO.Path.GetFullPath(name, folder)));
        }

        return media;
    }

    /// <summary>Format by extension: the list is our own, not a user's.</summary>
    public static MediaFormat? Format(string path) => System.IO.Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".JPG" or ".JPEG" => MediaFormat.Jpeg,
        ".PNG" => MediaFormat.Png,
        ".WEBP" => MediaFormat.Webp,
        ".BMP" => MediaFormat.Bmp,
        ".TIF" or ".TIFF" => MediaFormat.Tiff,
        ".GIF" => MediaFormat.Gif,
        ".MP4" or ".M4V" => MediaFormat.Mp4,
        ".MOV" => MediaFormat.Mov,
        ".AVI" => MediaFormat.Avi,
        ".MKV" => MediaFormat.Mkv,
        ".WEBM" => MediaFormat.Webm,
        _ => null,
    };
}

/// <summary>A JPEG of the list, in memory, that may share a child with others of its size.</summary>
internal sealed record ListedImage(ListedMedium Medium, ReadOnlyMemory<byte> Bytes, int Width, int Height)
{
    private const long LargestFile = 4 * 1024 * 1024;

    /// <summary>Loads it; null when it is no small, unturned JPEG and goes the ordinary way.</summary>
    public static async Task<ListedImage?> TryLoadAsync(ListedMedium medium, long maxPixels, CancellationToken cancellationToken)
    {
        var file = new FileInfo(medium.Path);
        if (MediaList.Format(medium.Path) != MediaFormat.Jpeg || !file.Exists || file.Length > LargestFile) return null;
        var bytes = await File.ReadAllBytesAsync(medium.Path, cancellationToken);
        if (JpegHeader.Read(bytes) is not { Turned: false } header || (long)header.Width * header.Height > maxPixels) return null;
        return new ListedImage(medium, bytes, header.Width, header.Height);
    }

    /// <summary>Whether both can come from one child: it gives all frames the size of the first.</summary>
    public bool FitsWith(ListedImage other) => Width == other.Width && Height == other.Height;
}
