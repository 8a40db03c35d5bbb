using Deepfake.Infrastructure.Hosting;

namespace Deepfake.Infrastructure.Objects;

/// <summary>Downloaded objects in the temporary folder.</summary>
internal static class LocalCopies
{
    public static async Task<LocalObject> CreateAsync(string folder, Stream content, CancellationToken cancellationToken)
    {
        PrivateFolder.CreateShared(folder);
        var path = Path.Combine(folder, Guid.NewGuid().ToString("n"));
        try
        {
            await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
            await content.CopyToAsync(file, 128 * 1024, cancellationToken);
        }
        catch
        {
            File.Delete(path);
            throw;
        }

        return new LocalObject(path, () => File.Delete(path));
    }

    /// <summary>Removes what killed processes left. Nothing is worked on for a day.</summary>
    public static void RemoveStale(string folder, DateTimeOffset now)
    {
        if (!Directory.Exists(folder)) return;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            try
            {
                if (now.UtcDateTime - File.GetLastWriteTimeUtc(file) > TimeSpan.FromDays(1)) File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another process was quicker, or owns it.
            }
        }
    }
}
