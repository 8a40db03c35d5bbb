using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Probing.Structure;

namespace Deepfake.FrameService.Probing;

/// <summary>Asks ffprobe, as a child, what a medium is.</summary>
internal sealed class MediaProber(FrameServiceOptions options)
{
    private const int MaxAnswer = 1024 * 1024, MaxPacketList = 32 * 1024 * 1024;

    /// <summary>Probes a file.</summary>
    /// <exception cref="MediaException">The medium cannot be analysed; carries the error code.</exception>
    public async Task<MediaFacts> ProbeAsync(string path, MediaFormat format, CancellationToken cancellationToken)
    {
        var structure = StructureCheck.Inspect(path, format);
        CheckSize(structure.Width, structure.Height, options.MaxPixels);
        if (structure.WebpFrames is not null) return AnimatedWebp(structure);

        var answer = await AskAsync(path, format, cancellationToken);
        MediaFacts? facts;
        try
        {
            facts = FfprobeOutput.Parse(answer, format);
        }
        catch (InvalidDataException e)
        {
            throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded.", e);
        }

        if (facts is null) throw new MediaException(ErrorCodes.NoVideo, "The file holds no picture.");
        if (facts.Width <= 0 || facts.Height <= 0) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded: it does not say how large its pictures are.");
        CheckSize(facts.Width, facts.Height, facts.Kind == MediaKind.Video ? options.MaxFilmPixels : options.MaxPixels);
        if (structure.Pictures == 1 && facts.Kind == MediaKind.Animation) facts = facts with { Kind = MediaKind.Image, Seconds = 0, FrameRate = 0, Frames = 1 };
        else if (structure.Pictures > 1) facts = facts with { Frames = structure.Pictures };
        if (facts is { Kind: MediaKind.Video, Seconds: <= 0 }) facts = await CountAsync(path, facts, cancellationToken);
        CheckLength(facts.Seconds);
        return facts;
    }

    private MediaFacts AnimatedWebp(StructureFacts structure)
    {
        var frames = structure.WebpFrames ?? [];
        var seconds = frames.Sum(frame => (long)frame.Milliseconds) / 1000.0;
        CheckLength(seconds);
        if ((long)structure.Width * structure.Height > options.DecodePixels) throw TooManyPixels(structure.Width, structure.Height, options.DecodePixels);
        return new MediaFacts
        {
            Format = MediaFormat.Webp,
            Kind = frames.Count > 1 ? MediaKind.Animation : MediaKind.Image,
            Width = structure.Width,
            Height = structure.Height,
            Seconds = frames.Count > 1 ? seconds : 0,
            Frames = frames.Count,
            FrameRate = frames.Count > 1 && seconds > 0 ? frames.Count / seconds : 0,
            Codec = "webp",
            HasAlpha = true,
            AnimatedWebp = structure,
        };
    }

    private static void CheckSize(int width, int height, long allowed)
    {
        if ((long)width * height > allowed) throw TooManyPixels(width, height, allowed);
    }

    private static MediaException TooManyPixels(int width, int height, long allowed) => new(
        ErrorCodes.TooManyPixels, FormattableString.Invariant($"The picture has {width} × {height} pixels; {allowed / 1e6:0.#} million are allowed."));

    private void CheckLength(double seconds)
    {
        if (seconds > options.MaxSeconds)
        {
            throw new MediaException(
                ErrorCodes.TooLong, FormattableString.Invariant($"The medium lasts {seconds / 60:0} minutes; {options.MaxSeconds / 60:0} are allowed."));
        }
    }

    /// <summary>Recordings made live do not know their length: it comes from reading the packets through, without decoding.</summary>
    private async Task<MediaFacts> CountAsync(string path, MediaFacts facts, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(path, facts.Format, ["-select_streams", "V:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0"], MaxPacketList, cancellationToken);
        var (count, last) = FfprobeOutput.ParsePacketTimes(answer);
        return count == 0 ? facts : facts with { Frames = count, Seconds = last + (count > 1 ? last / (count - 1) : 0) };
    }

    private Task<byte[]> AskAsync(string path, MediaFormat format, CancellationToken cancellationToken) =>
        AskAsync(path, format, ["-show_entries", FfprobeOutput.Entries, "-of", "json=compact=1"], MaxAnswer, cancellationToken);

    private async Task<byte[]> AskAsync(string path, MediaFormat format, string[] question, int maxAnswer, CancellationToken cancellationToken)
    {
        List<string> arguments = ["-v", "error", .. FfmpegCommand.Guards(FfmpegCommand.Demuxer(format), fromPipe: false), .. question, "-i", "file:" + path];
        await using var child = ChildProcess.Start(options.Ffprobe, arguments, TimeSpan.FromSeconds(options.ProbeSeconds), cancellationToken: cancellationToken);
        using var answer = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await child.Output.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (answer.Length + read > maxAnswer) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded: it has too many streams.");
            answer.Write(buffer, 0, read);
        }

        var code = await child.WaitAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (child.WasKilled) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be read in reasonable time.");
        return code == 0 ? answer.ToArray() : throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded.");
    }
}
