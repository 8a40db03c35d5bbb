namespace Deepfake.Infrastructure.Hosting;

/// <summary>
/// The folder of an embedded host: media, results, hashes of keys and secrets of webhooks. One process at a time: a lock is held on it for as
/// long as this lives.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    /// <summary>Where builds before the first release kept their records.</summary>
    private static readonly string[] FormerFiles = ["analyses.journal", "history.journal", "documents.journal"];
    private readonly FileStream _lock;

    /// <exception cref="InvalidOperationException">Another process uses the folder, it cannot be written, or an earlier build wrote it.</exception>
    public DataFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        if (FormerFiles.FirstOrDefault(name => File.Exists(In(name))) is { } former)
        {
            throw new InvalidOperationException(
                $"The data folder '{Path}' holds '{former}' of an earlier build, which this one cannot read. It was left as it is: set DATA_PATH to another folder, or move this one away.");
        }

        try
        {
            PrivateFolder.Create(Path);
            _lock = new FileStream(In("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The data folder '{Path}' cannot be opened; is another process using it? ({e.Message})", e);
        }
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>A path inside the folder.</summary>
    public string In(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();
}
