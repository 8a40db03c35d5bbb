using System.Globalization;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;

namespace Deepfake.Standalone.Evaluate.Robustness;

/// <summary>What media lose on their way through messengers and sites, as one ffmpeg run.</summary>
internal sealed record Degradation
{
    // ITU-T T.81, tables K.1 and K.2, row by row: what libjpeg scales by its quality.
    private static readonly int[] Luma =
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ];

    private static readonly int[] Chroma =
    [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        .. Enumerable.Repeat(99, 32),
    ];

    private readonly string _kind;
    private readonly int _value;

    private Degradation(string name, string kind, int value) => (Name, _kind, _value) = (name, kind, value);

    /// <summary><c>jpeg50</c> (1 to 100), <c>crf28</c> (0 to 51), <c>half</c>, <c>quarter</c>.</summary>
    public string Name { get; }

    /// <summary>Reads a name; null for one that is none.</summary>
    public static Degradation? Parse(string name) => name switch
    {
        "half" => new Degradation(name, "scale", 2),
        "quarter" => new Degradation(name, "scale", 4),
        _ when Number(name, "jpeg") is { } quality and >= 1 and <= 100 => new Degradation(name, "jpeg", quality),
        _ when Number(name, "crf") is { } factor and >= 0 and <= 51 => new Degradation(name, "crf", factor),
        _ => null,
    };

    /// <summary>Whether such a medium can suffer it: JPEG is for images, H.264 for videos, scaling for both; nothing is for animations.</summary>
    public bool AppliesTo(MediaSummary media) => media.Kind switch
    {
        MediaKind.Image => _kind is "jpeg" or "scale",
        MediaKind.Video => _kind is "crf" or "scale",
        _ => false,
    };

    /// <summary>The arguments of ffmpeg.</summary>
    /// <param name="media">The medium.</param>
    /// <param name="input">Its file.</param>
    /// <param name="output">Where the degraded one goes; its name says nothing about the format.</param>
    public IReadOnlyList<string> Arguments(MediaSummary media, string input, string output) =>
    [
        "-hide_banner", "-nostats", "-nostdin", "-loglevel", "repeat+level+error", "-y", "-threads", "2",
        .. FfmpegCommand.Guards(FfmpegCommand.Demuxer(media.Format), fromPipe: false), "-i", "file:" + input, "-map", "0:V:0", "-map_metadata", "-1",
        .. (media.Kind, _kind) switch
        {
            (MediaKind.Image, "jpeg") => (IEnumerable<string>)
                ["-frames:v", "1", "-vf", "scale=out_range=full,format=yuvj420p", "-c:v", "mjpeg", "-q:v", "8", "-qmin", "8", "-qmax", "8", "-intra_matrix", Table(Luma), "-chroma_intra_matrix", Table(Chroma), "-f", "image2pipe"],
            (MediaKind.Image, _) => ["-frames:v", "1", "-vf", Scale(1) + ",format=rgb24", "-c:v", "png", "-f", "image2pipe"],
            (_, "crf") => ["-vf", Scale(2) + ",format=yuv420p", "-c:v", "libx264", "-crf", Text(_value), "-f", "mp4"],
            _ => ["-vf", Scale(2) + ",format=yuv420p", "-c:v", "libx264", "-crf", "18", "-f", "mp4"],
        },
        "file:" + output,
    ];

    private static int? Number(string name, string kind) =>
        name.StartsWith(kind, StringComparison.Ordinal) && int.TryParse(name.AsSpan(kind.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Down by the factor, to sides of a multiple of a step (4:2:0 needs even ones).</summary>
    private string Scale(int step)
    {
        var by = step * (_kind == "scale" ? _value : 1);
        return $"scale=w='max({step},trunc(iw/{by})*{step})':h='max({step},trunc(ih/{by})*{step})':flags=area";
    }

    /// <summary>A table at this quality by libjpeg's rule. ffmpeg takes it as it is at scale 8, but for the first entry, which is always 8.</summary>
    private string Table(int[] of)
    {
        var scale = _value < 50 ? 5000 / _value : 200 - 2 * _value;
        return string.Join(',', of.Select(entry => Text(Math.Clamp((entry * scale + 50) / 100, 1, 255))));
    }
}
