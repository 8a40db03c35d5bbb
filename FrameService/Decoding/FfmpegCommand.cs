using System.Globalization;
using Deepfake.Contracts;

namespace Deepfake.FrameService.Decoding;

/// <summary>Puts together the argument list of one ffmpeg run: PPM pictures on stdout, one <c>showinfo</c> line a frame on stderr.</summary>
internal static class FfmpegCommand
{
    /// <summary>Demuxer for a container. Naming it keeps ffmpeg from taking a file for a playlist or a concat script.</summary>
    public static string Demuxer(MediaFormat format) => format switch
    {
        MediaFormat.Jpeg => "jpeg_pipe",
        MediaFormat.Png => "png_pipe",
        MediaFormat.Webp => "webp_pipe",
        MediaFormat.Bmp => "bmp_pipe",
        MediaFormat.Tiff => "tiff_pipe",
        MediaFormat.Gif => "gif",
        MediaFormat.Mp4 or MediaFormat.Mov => "mov",
        MediaFormat.Avi => "avi",
        MediaFormat.Mkv or MediaFormat.Webm => "matroska",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    /// <summary>What both ffmpeg and ffprobe get before an input: no network, no other files, bounded memory.</summary>
    public static IEnumerable<string> Guards(string demuxer, bool fromPipe)
    {
        yield return "-protocol_whitelist";
        yield return fromPipe ? "pipe" : "file";
        yield return "-f";
        yield return demuxer;
        if (demuxer != "mov") yield break;
        yield return "-enable_drefs";
        yield return "0";
    }

    /// <summary>
    /// Value of <c>-max_pixels</c> that lets a picture through: decoders compare it with their buffers, whose rows are rounded up to 64 pixels.
    /// </summary>
    /// <param name="pixels">Width × height of the picture.</param>
    /// <param name="height">Its height; the highest of any format where it is not known.</param>
    public static string PixelLimit(long pixels, int height = 65536) => (pixels + 63L * height).ToString(CultureInfo.InvariantCulture);

    /// <summary>The arguments for a request.</summary>
    /// <param name="request">What to decode.</param>
    /// <param name="threads">Decoder threads.</param>
    public static List<string> Arguments(DecodeRequest request, int threads)
    {
        List<string> arguments = ["-hide_banner", "-nostats", "-nostdin", "-loglevel", "repeat+level+info", "-benchmark", "-max_alloc", "1610612736"];
        if (request.Seeks.Count == 0)
        {
            AddInput(arguments, request, threads, seek: null);
            arguments.AddRange(["-map", "0:V:0", "-vf", Chain(request.Select is null ? null : $"select='{request.Select}'", ShowInfo(0), Output(request))]);
        }
        else
        {
            foreach (var seek in request.Seeks) AddInput(arguments, request, threads, seek);
            arguments.AddRange(["-filter_complex", SeekGraph(request), "-map", "[out]"]);
        }

        arguments.AddRange(["-fps_mode", "passthrough", "-frames:v", request.MaxFrames.ToString(CultureInfo.InvariantCulture), "-c:v", "ppm", "-f", "image2pipe", "pipe:1"]);
        return arguments;
    }

    private static void AddInput(List<string> arguments, DecodeRequest request, int threads, double? seek)
    {
        if (seek is { } seconds)
        {
            arguments.AddRange(["-noaccurate_seek", "-ss", seconds.ToString("0.######", CultureInfo.InvariantCulture)]);
        }

        if (request.ReferenceFramesOnly) arguments.AddRange(["-skip_frame", "noref"]);
        arguments.AddRange(["-threads", threads.ToString(CultureInfo.InvariantCulture), "-max_pixels", PixelLimit(request.SourcePixels)]);
        arguments.AddRange(Guards(request.Demuxer, request.Path is null));
        arguments.AddRange(["-i", request.Path is null ? "pipe:0" : "file:" + request.Path]);
    }

    /// <summary>One frame of each input, joined. <c>setpts</c> gives each a time of its own, so that none is dropped as a duplicate.</summary>
    private static string SeekGraph(DecodeRequest request)
    {
        var count = request.Seeks.Count;
        var parts = Enumerable.Range(0, count).Select(i => $"[{i}:V:0]trim=end_frame=1,{ShowInfo(i)},setpts={i}/TB[v{i}]");
        return string.Join(';', parts) + ";" + string.Concat(Enumerable.Range(0, count).Select(i => $"[v{i}]")) + $"concat=n={count}:v=1:a=0,{Output(request)}[out]";
    }

    private static string ShowInfo(int input) => $"showinfo@{input}=checksum=0";

    private static string Output(DecodeRequest request)
    {
        var factor = FormattableString.Invariant($"min(1,min({request.MaxSide}/max(iw,ih),sqrt({request.MaxPixels}/(iw*ih))))");
        return Chain(
            request.HasAlpha ? "format=gbrap,premultiply=inplace=1" : null,
            $"scale=w='max(1,trunc(iw*{factor}))':h='max(1,trunc(ih*{factor}))':flags=area",
            "format=rgb24");
    }

    private static string Chain(params IEnumerable<string?> filters) => string.Join(',', filters.Where(filter => filter is not null));
}
