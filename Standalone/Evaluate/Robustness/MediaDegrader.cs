using System.Globalization;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;

namespace Deepfake.Standalone.Evaluate.Robustness;

/// <summary>Makes degraded copies of media, one file each for as long as it is held, in a folder that goes with it.</summary>
internal sealed class MediaDegrader : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deepfake-degraded-");
    private int _made;

    /// <summary>Makes one.</summary>
    /// <returns>Its path; the caller deletes it.</returns>
    /// <exception cref="InvalidDataException">ffmpeg could not.</exception>
    public async Task<string> MakeAsync(string path, MediaSummary media, Degradation how, CancellationToken cancellationToken)
    {
        var copy = Path.Combine(_folder.FullName, Interlocked.Increment(ref _made).ToString(CultureInfo.InvariantCulture));
        await using var ffmpeg = ChildProcess.Start("ffmpeg", how.Arguments(media, Path.GetFullPath(path), copy), Limit, cancellationToken: cancellationToken);
        if (await ffmpeg.WaitAsync() == 0 && File.Exists(copy)) return copy;
        File.Delete(copy);
        cancellationToken.ThrowIfCancellationRequested();
        throw new InvalidDataException(ffmpeg.WasKilled ? $"It took longer than {Limit.TotalMinutes:0} minutes." : ffmpeg.ErrorTail);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
