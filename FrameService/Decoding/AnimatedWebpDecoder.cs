using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using Deepfake.FrameService.Probing.Structure;

namespace Deepfake.FrameService.Decoding;

/// <summary>
/// Decodes animated WebP, which ffmpeg up to 6 does not: every frame is wrapped as a still WebP of its own and all of them go through
/// one ffmpeg; the canvas is put together here. No temporary files.
/// </summary>
/// <param name="program">Name or path of ffmpeg.</param>
internal sealed class AnimatedWebpDecoder(string program)
{
    /// <summary>Hands out the wanted frames in order; the caller disposes them.</summary>
    /// <param name="path">The file.</param>
    /// <param name="facts">Its canvas and frames.</param>
    /// <param name="wanted">Which frames to hand out. All up to the last wanted one are decoded, for they build on each other.</param>
    /// <param name="limit">How long the child may run.</param>
    /// <param name="report">Filled when the enumeration ends.</param>
    /// <param name="cancellationToken">Kills the child.</param>
    /// <exception cref="InvalidDataException">A frame cannot be decoded.</exception>
    /// <exception cref="DecodeTimeoutException">The child did not end within its limit.</exception>
    public async IAsyncEnumerable<VideoFrame> DecodeAsync(
        string path, StructureFacts facts, Func<int, bool> wanted, TimeSpan limit, DecodeReport report, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var frames = facts.WebpFrames ?? throw new ArgumentException("The file is no animation.", nameof(facts));
        var count = Enumerable.Range(0, frames.Count).Where(wanted).Select(i => i + 1).DefaultIfEmpty(0).Last();
        int width = frames.Take(count).Max(frame => frame.Width), height = frames.Take(count).Max(frame => frame.Height);
        var parser = new ShowInfoParser();
        await using var child = ChildProcess.Start(program, Arguments(width, height, FfmpegCommand.PixelLimit((long)facts.Width * facts.Height, facts.Height)), limit, feed: true, line => parser.Read(line), cancellationToken);
        var feeding = child.FeedAsync((input, token) => WriteAsync(path, frames.Take(count), input, token), cancellationToken);
        var canvas = new WebpCanvas(facts.Width, facts.Height);
        var size = width * height * 4;
        var pixels = ArrayPool<byte>.Shared.Rent(size);
        var milliseconds = 0L;
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (await child.Output.ReadAtLeastAsync(pixels.AsMemory(0, size), size, throwOnEndOfStream: false, cancellationToken) < size) break;
                canvas.Draw(frames[i], pixels, width * 4);
                if (wanted(i))
                {
                    var picture = new VideoFrame(facts.Width, facts.Height) { Seconds = milliseconds / 1000.0 };
                    canvas.Flatten(picture.Pixels.Span);
                    report.Add(0, 1, "", 0);
                    yield return picture;
                }

                milliseconds += frames[i].Milliseconds;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pixels);
        }

        var code = await child.WaitAsync();
        await feeding;
        cancellationToken.ThrowIfCancellationRequested();
        if (child.WasKilled) throw new DecodeTimeoutException($"Decoding took longer than {limit.TotalSeconds:0} s.");
        report.Add(code, 0, child.ErrorTail, parser.CpuSeconds ?? 0);
    }

    /// <summary>Frames of different sizes are padded to one, so that the pipe has a fixed rhythm.</summary>
    private static List<string> Arguments(int width, int height, string maxPixels) =>
    [
        "-hide_banner", "-nostats", "-nostdin", "-loglevel", "repeat+level+info", "-benchmark", "-max_alloc", "1610612736",
        "-threads", "1", "-max_pixels", maxPixels,
        .. FfmpegCommand.Guards("webp_pipe", fromPipe: true), "-i", "pipe:0",
        "-map", "0:v:0", "-vf", string.Create(CultureInfo.InvariantCulture, $"format=rgba,pad={width}:{height}:0:0:color=black@0,format=rgba"),
        "-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1",
    ];

    private static async Task WriteAsync(string path, IEnumerable<WebpFrame> frames, Stream output, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        foreach (var frame in frames)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(30 + frame.Length);
            try
            {
                file.Position = frame.Offset;
                await file.ReadExactlyAsync(buffer.AsMemory(30, frame.Length), cancellationToken);
                var start = WriteHeader(buffer, frame);
                await output.WriteAsync(buffer.AsMemory(start, 30 + frame.Length - start), cancellationToken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    /// <summary>Puts a RIFF header before the chunks of a frame; a separate alpha chunk needs the extended form.</summary>
    private static int WriteHeader(Span<byte> buffer, WebpFrame frame)
    {
        var extended = buffer[30..].StartsWith("ALPH"u8);
        var start = extended ? 0 : 18;
        "RIFF"u8.CopyTo(buffer[start..]);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[(start + 4)..], (uint)(frame.Length + 22 - start));
        "WEBP"u8.CopyTo(buffer[(start + 8)..]);
        if (!extended) return start;
        "VP8X"u8.CopyTo(buffer[12..]);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[16..], 10);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer[20..], 0x10);
        WriteUInt24(buffer[24..], frame.Width - 1);
        WriteUInt24(buffer[27..], frame.Height - 1);
        return start;
    }

    private static void WriteUInt24(Span<byte> target, int value)
    {
        target[0] = (byte)value;
        target[1] = (byte)(value >> 8);
        target[2] = (byte)(value >> 16);
    }
}
