using System.Runtime.CompilerServices;

namespace Deepfake.Infrastructure.Objects;

/// <summary>
/// Objects as files below a folder, the key as relative path. An object is written beside its place, flushed to the disk and renamed, so
/// that a key is whole or absent, also after a crash.
/// </summary>
public sealed partial class FolderObjectStore : IObjectStore
{
    private const int CopyBuffer = 128 * 1024;
    private readonly string _root;
    private readonly string _incoming;
    private readonly string _growing;

    /// <summary>Opens the store, creating its folder; what an earlier process left half written is removed.</summary>
    public FolderObjectStore(string root)
    {
        _root = Path.Combine(Path.GetFullPath(root), "objects");
        _incoming = Path.Combine(Path.GetFullPath(root), "incoming");
        _growing = Path.Combine(Path.GetFullPath(root), "growing");
        Directory.CreateDirectory(_root);
        Directory.CreateDirectory(_growing);
        if (Directory.Exists(_incoming)) Directory.Delete(_incoming, recursive: true);
        Directory.CreateDirectory(_incoming);
    }

    /// <inheritdoc/>
    public async Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellationToken)
    {
        var target = Locate(key);
        var temporary = Path.Combine(_incoming, Guid.NewGuid().ToString("n"));
        try
        {
            long length;
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                await content.CopyToAsync(file, CopyBuffer, cancellationToken);
                await Task.Run(() => file.Flush(flushToDisk: true), cancellationToken);
                length = file.Length;
            }

            cancellationToken.ThrowIfCancellationRequested();
            await Task.Run(() => Publish(temporary, target), CancellationToken.None);
            return length;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string key, CancellationToken cancellationToken)
    {
        var path = Locate(key);
        try
        {
            return Task.FromResult<Stream>(new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, CopyBuffer, FileOptions.Asynchronous | FileOptions.SequentialScan));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || Directory.Exists(path))
        {
            throw new ObjectNotFoundException(key);
        }
    }

    /// <inheritdoc/>
    public Task<LocalObject> MaterializeAsync(string key, CancellationToken cancellationToken)
    {
        var path = Locate(key);
        return File.Exists(path) ? Task.FromResult(new LocalObject(path)) : throw new ObjectNotFoundException(key);
    }

    /// <inheritdoc/>
    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => Task.FromResult(File.Exists(Locate(key)));

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var file in Files(prefix))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return KeyOf(file);
        }
    }

    /// <inheritdoc/>
    public Task<ObjectTotal> MeasureAsync(string prefix, CancellationToken cancellationToken)
    {
        var total = new ObjectTotal();
        foreach (var file in Files(prefix).Select(path => new FileInfo(path)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (file.Exists) total = new ObjectTotal(total.Count + 1, total.Bytes + file.Length);
        }

        return Task.FromResult(total);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Remove(Locate(key));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<int> DeletePrefixAsync(string prefix, CancellationToken cancellationToken)
    {
        ObjectKeys.ThrowIfNotPrefix(prefix);
        var files = Files(prefix);
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Remove(file);
        }

        return Task.FromResult(files.Count);
    }

    private static void Publish(string temporary, string target)
    {
        var folder = Path.GetDirectoryName(target)!;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(folder);
                File.Move(temporary, target, overwrite: true);
                break;
            }
            catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException && attempt < 10 && File.Exists(temporary))
            {
                // A deletion removed the empty folder in between.
            }
        }

        DiskFlush.Folder(folder);
        DiskFlush.Folder(Path.GetDirectoryName(folder)!);
    }

    private List<string> Files(string prefix)
    {
        // Only the folder part of a prefix is a folder; the rest is the beginning of a name.
        var slash = prefix.LastIndexOf('/');
        var folder = slash < 0 ? _root : Locate(prefix[..slash]);
        try
        {
            return
            [
                .. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
                    .Where(file => KeyOf(file).StartsWith(prefix, StringComparison.Ordinal)),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private string KeyOf(string file) => Path.GetRelativePath(_root, file).Replace(Path.DirectorySeparatorChar, '/');

    private void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (DirectoryNotFoundException)
        {
            return;
        }

        RemoveEmptyFolders(file);
    }

    private void RemoveEmptyFolders(string file)
    {
        try
        {
            for (var folder = Path.GetDirectoryName(file)!; folder.Length > _root.Length; folder = Path.GetDirectoryName(folder)!)
                Directory.Delete(folder); // throws where it is not empty, which ends the walk
        }
        catch (IOException)
        {
            // The folder is not empty, or somebody else removed it: either is fine.
        }
    }

    private string Locate(string key)
    {
        ObjectKeys.ThrowIfInvalid(key);
        return Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar));
    }
}
