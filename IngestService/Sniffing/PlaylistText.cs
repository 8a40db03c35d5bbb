using System.Text;

namespace Deepfake.IngestService.Sniffing;

/// <summary>
/// Recognises texts that name other files or addresses. A decoder that is handed one may read local files or call out; none of them
/// gets that far, this only tells the sender why.
/// </summary>
internal static class PlaylistText
{
    /// <summary>Markers stand at the beginning; this is how much of it is looked at.</summary>
    private const int Window = 4096;

    private static readonly string[] Beginnings =
    [
        "#EXTM3U", "#EXTINF", "#EXT-X-", "ffconcat", "[playlist]", "[reference]", "[autoplaylist]", "file '", "file \"", "v=0\r\no=", "v=0\no=",
        "RTSPtext", "SMILtext", "rtsp://", "rtmp://", "<asx", "<smil", "<MPD", "<playlist", "<SmoothStreamingMedia", "<?wpl", "<AssetMap", "<CompositionPlaylist",
    ];

    private static readonly string[] XmlRoots = ["playlist", "MPD", "smil", "asx", "SmoothStreamingMedia", "AssetMap", "CompositionPlaylist", "Playlist", "PackingList"];

    public static bool IsPlaylist(ReadOnlySpan<byte> head)
    {
        var text = Decode(head[..Math.Min(head.Length, Window)]).TrimStart();
        if (Beginnings.Any(beginning => text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))) return true;
        return text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase) && XmlRoots.Any(root => HasElement(text, root));
    }

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble)) return Encoding.UTF8.GetString(bytes[3..]);
        if (bytes.StartsWith(Encoding.Unicode.Preamble)) return Encoding.Unicode.GetString(bytes[2..]);
        if (bytes.StartsWith(Encoding.BigEndianUnicode.Preamble)) return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        return Encoding.Latin1.GetString(bytes);
    }

    private static bool HasElement(string text, string name)
    {
        for (var at = text.IndexOf(name, StringComparison.Ordinal); at > 0; at = text.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            var end = at + name.Length;
            var starts = text[at - 1] is '<' or ':';
            if (starts && (end == text.Length || text[end] is '>' or '/' || char.IsWhiteSpace(text[end]))) return true;
        }

        return false;
    }
}
