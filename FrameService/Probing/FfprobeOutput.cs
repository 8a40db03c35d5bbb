using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.FrameService.Probing;

/// <summary>Reads ffprobe's JSON.</summary>
internal static class FfprobeOutput
{
    /// <summary>What ffprobe is asked for.</summary>
    public const string Entries =
        "stream=codec_type,codec_name,width,height,pix_fmt,avg_frame_rate,r_frame_rate,nb_frames,duration,profile,has_b_frames,bit_rate"
        + ":stream_disposition=attached_pic:stream_tags=encoder,handler_name"
        + ":format=duration,bit_rate:format_tags=encoder,major_brand,comment,title,com.apple.quicktime.make,com.apple.quicktime.model,com.android.version";

    private const int MaxText = 100;

    /// <summary>Facts of the first picture stream that is no cover art; null when there is none.</summary>
    /// <exception cref="InvalidDataException">Not ffprobe's JSON.</exception>
    public static MediaFacts? Parse(ReadOnlySpan<byte> json, MediaFormat format)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            if (!document.RootElement.TryGetProperty("streams", out var streams)) return null;
            foreach (var stream in streams.EnumerateArray())
            {
                if (Text(stream, "codec_type") != "video" || IsCover(stream)) continue;
                return Facts(stream, document.RootElement, format);
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException("ffprobe's answer cannot be read.", e);
        }
    }

    /// <summary>How many packets a list of time stamps has, and the latest of them; lines without a number count as packets only.</summary>
    public static (int Count, double Last) ParsePacketTimes(ReadOnlySpan<byte> lines)
    {
        var (count, last) = (0, 0.0);
        foreach (var range in lines.Split((byte)'\n'))
        {
            var line = lines[range].TrimEnd((byte)'\r');
            if (line.IsEmpty) continue;
            count++;
            if (Utf8Parser.TryParse(line, out double seconds, out _) && seconds > last && double.IsFinite(seconds)) last = seconds;
        }

        return (count, last);
    }

    private static MediaFacts Facts(JsonElement stream, JsonElement root, MediaFormat format)
    {
        var still = format is MediaFormat.Jpeg or MediaFormat.Png or MediaFormat.Bmp or MediaFormat.Tiff or MediaFormat.Webp;
        var seconds = still ? 0 : Number(stream, "duration");
        if (seconds <= 0 && !still && root.TryGetProperty("format", out var container)) seconds = Number(container, "duration");
        var rate = still ? 0 : Rate(Text(stream, "avg_frame_rate"));
        if (rate <= 0 && !still) rate = Rate(Text(stream, "r_frame_rate"));
        var frames = still ? 1 : (int)Math.Clamp(Number(stream, "nb_frames"), 0, int.MaxValue);
        if (frames == 0 && seconds > 0 && rate is > 0 and < 1000) frames = (int)Math.Min(Math.Round(seconds * rate), int.MaxValue);
        var pixelFormat = Text(stream, "pix_fmt") ?? "";
        return new MediaFacts
        {
            Format = format,
            Kind = still ? MediaKind.Image : format == MediaFormat.Gif ? MediaKind.Animation : MediaKind.Video,
            Width = (int)Number(stream, "width"),
            Height = (int)Number(stream, "height"),
            Seconds = seconds,
            Frames = frames,
            FrameRate = rate,
            Codec = Text(stream, "codec_name") ?? "unknown",
            HasAlpha = HasAlpha(pixelFormat),
            Encoding = still || format == MediaFormat.Gif ? null : Encoding(stream, root, rate),
        };
    }

    private static EncodingFacts Encoding(JsonElement stream, JsonElement root, double rate)
    {
        var container = root.TryGetProperty("format", out var format) ? format : default;
        var bits = Number(stream, "bit_rate");
        return new EncodingFacts
        {
            Codec = Cut(Text(stream, "codec_name")) ?? "unknown",
            Profile = Cut(Text(stream, "profile")),
            Muxer = Tag(container, "encoder"),
            Encoder = Tag(stream, "encoder"),
            Camera = Join(Tag(container, "com.apple.quicktime.make"), Tag(container, "com.apple.quicktime.model"), Tag(container, "com.android.version") is { } android ? "Android " + android : null),
            Remarks = Join(Tag(container, "major_brand")?.Trim(), Tag(stream, "handler_name"), Tag(container, "comment"), Tag(container, "title")),
            BitsPerSecond = bits > 0 || container.ValueKind != JsonValueKind.Object ? bits : Number(container, "bit_rate"),
            Width = (int)Number(stream, "width"),
            Height = (int)Number(stream, "height"),
            FrameRate = rate,
            ReorderedFrames = (int)Number(stream, "has_b_frames"),
        };
    }

    /// <summary>Names of tags differ in case between containers.</summary>
    private static string? Tag(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("tags", out var tags) || tags.ValueKind != JsonValueKind.Object) return null;
        foreach (var tag in tags.EnumerateObject())
            if (tag.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && tag.Value.ValueKind == JsonValueKind.String) return Cut(tag.Value.GetString());
        return null;
    }

    private static string? Join(params IEnumerable<string?> parts) => Cut(string.Join(' ', parts.Where(part => !string.IsNullOrWhiteSpace(part)))) is { Length: > 0 } text ? text : null;

    private static string? Cut(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;

    private static bool HasAlpha(string pixelFormat) =>
        pixelFormat is "pal8" || pixelFormat.StartsWith("ya", StringComparison.Ordinal) || pixelFormat.StartsWith("yuva", StringComparison.Ordinal)
        || pixelFormat.StartsWith("gbrap", StringComparison.Ordinal) || pixelFormat.Contains("rgba", StringComparison.Ordinal)
        || pixelFormat.Contains("bgra", StringComparison.Ordinal) || pixelFormat is "argb" or "abgr";

    private static bool IsCover(JsonElement stream) =>
        stream.TryGetProperty("disposition", out var disposition) && disposition.TryGetProperty("attached_pic", out var cover) && cover.GetInt32() == 1;

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double Number(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var value)) return 0;
        if (value.ValueKind == JsonValueKind.Number) return value.GetDouble();
        return double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : 0;
    }

    private static double Rate(string? fraction)
    {
        var parts = (fraction ?? "").Split('/');
        return parts.Length == 2 && double.TryParse(parts[0], CultureInfo.InvariantCulture, out var a) && double.TryParse(parts[1], CultureInfo.InvariantCulture, out var b) && b > 0 ? a / b : 0;
    }
}
