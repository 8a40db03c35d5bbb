using System.Globalization;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;

namespace Deepfake.FrameService.Probing;

/// <summary>Asks ffprobe, as a child, what a medium is.</summary>
internal sealed class MediaProber(FrameServiceOptions options)
{
    private const int MaxAnswer = 1024 * 1024;

    /// <summary>Probes a file.</summary>
    /// <exception cref="MediaException">The medium cannot be analysed; carries the error code.</exception>
    public async Task<MediaFacts> ProbeAsync(string path, MediaFormat format, CancellationToken cancellationToken)
    {
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
        Check(facts);
        return facts;
    }

    /// <summary>Refuses what is larger or longer than allowed.</summary>
    public void Check(MediaFacts facts)
    {
        if (facts.Width <= 0 || facts.Height <= 0) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded: it does not say how large its pictures are.");
        if ((long)facts.Width * facts.Height > options.MaxPixels)
        {
            throw new MediaException(
                ErrorCodes.TooManyPixels,
                FormattableString.Invariant($"The picture has {facts.Width} × {facts.Height} pixels; {options.MaxPixels / 1e6:0.#} million are allowed."));
        }

        if (facts.Seconds > options.MaxSeconds)
        {
            throw new MediaException(
                ErrorCodes.TooLong, FormattableString.Invariant($"The medium lasts {facts.Seconds / 60:0} minutes; {options.MaxSeconds / 60:0} are allowed."));
        }
    }

    private async Task<byte[]> AskAsync(string path, MediaFormat format, CancellationToken cancellationToken)
    {
        List<string> arguments = ["-v", "error", .. FfmpegCommand.Guards(FfmpegCommand.Demuxer(format), fromPipe: false)];
        arguments.AddRange(["-max_pixels", options.MaxPixels.ToString(CultureInfo.InvariantCulture)]);
        arguments.AddRange(["-show_entries", FfprobeOutput.Entries, "-of", "json=compact=1", "-i", "file:" + path]);
        await using var child = ChildProcess.Start(options.Ffprobe, arguments, TimeSpan.FromSeconds(options.ProbeSeconds), cancellationToken: cancellationToken);
        using var answer = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await child.Output.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (answer.Length + read > MaxAnswer) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded: it has too many streams.");
            answer.Write(buffer, 0, read);
        }

        var code = await child.WaitAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (child.WasKilled) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be read in reasonable time.");
        return code == 0 ? answer.ToArray() : throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded.");
    }
}
