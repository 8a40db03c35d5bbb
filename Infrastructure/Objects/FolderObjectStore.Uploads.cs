
namespace Deepfake.Infrastructure.Objects;

/// <content>Objects that grow: files beside the finished ones, cut back to what is known to be durable before each append.</content>
public sealed partial class FolderObjectStore : IUploadStore
{
    /// <summary>Bytes between two flushes to the disk.</summary>
    private const int FlushEvery = 8 * 1024 * 1024;

    /// <inheritdoc/>
    public Task<GrowingObject> BeginAsync(string key, long length, string contentType, CancellationToken cancellationToken)
    {
        Locate(key);
        return Task.FromResult(new GrowingObject { Key = key, Handle = Guid.NewGuid().ToString("n") });
    }

    /// <inheritdoc/>
    public async Task<GrowingObject> AppendAsync(GrowingObject grown, Stream content, Func<GrowingObject, Task> save, Action? verify, CancellationToken cancellationToken)
    {
        await using var file = OpenGrowing(grown);
        var buffer = GC.AllocateUninitializedArray<byte>(CopyBuffer);
        while (true)
        {
            int read;
            try
            {
                read = await content.ReadAsync(buffer, cancellationToken);
            }
            catch when (verify is null)
            {
                await FlushAsync();
                throw;
            }

            if (read == 0) break;
            await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
            if (verify is null && file.Position - grown.Length >= FlushEvery) await FlushAsync();
        }

        verify?.Invoke();
        await FlushAsync();
        return grown;

        async Task FlushAsync()
        {
            if (file.Position == grown.Length) return;
            await Task.Run(() => file.Flush(flushToDisk: true), CancellationToken.None);
            grown = grown with { Length = file.Position };
            await save(grown);
        }
    }

    /// <inheritdoc/>
    public Task CompleteAsync(GrowingObject grown, CancellationToken cancellationToken)
    {
        var (source, target) = (Growing(grown), Locate(grown.Key));
        // Done before, and nobody heard of it.
        if (!File.Exists(source) && new FileInfo(target) is { Exists: true } done && done.Length == grown.Length) return Task.CompletedTask;
        if (!File.Exists(source) || new FileInfo(source).Length < grown.Length) throw new IOException($"'{grown.Key}' lost what was saved of it.");
        return Task.Run(
            () =>
            {
                using (var file = new FileStream(source, FileMode.Open, FileAccess.Write)) file.SetLength(grown.Length);
                Publish(source, target);
            },
            CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task AbortAsync(GrowingObject grown, CancellationToken cancellationToken)
    {
        File.Delete(Growing(grown));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task MoveAsync(string source, string target, CancellationToken cancellationToken)
    {
        var (from, to) = (Locate(source), Locate(target));
        return Task.Run(
            () =>
            {
                try
                {
                    if (!File.Exists(from)) throw new ObjectNotFoundException(source);
                    Publish(from, to);
                }
                catch (FileNotFoundException)
                {
                    throw new ObjectNotFoundException(source); // somebody was faster
                }

                RemoveEmptyFolders(from);
            },
            CancellationToken.None);
    }

    private FileStream OpenGrowing(GrowingObject grown)
    {
        var path = Growing(grown);
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        try
        {
            if (file.Length < grown.Length) throw new IOException($"'{grown.Key}' lost what was saved of it.");
            file.SetLength(grown.Length);
            file.Position = grown.Length;
            if (grown.Length == 0) DiskFlush.Folder(_growing);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private string Growing(GrowingObject grown) =>
        Guid.TryParseExact(grown.Handle, "n", out var name) ? Path.Combine(_growing, name.ToString("n")) : throw new ArgumentException("The handle is not of this store.", nameof(grown));
}
