using System.Collections.Concurrent;
using Deepfake.Infrastructure.Objects;

namespace Deepfake.FrameService.Tests.Extraction;

/// <summary>Objects in memory; media are files already.</summary>
internal sealed class MemoryStore(string mediaPath) : IObjectStore
{
    public ConcurrentDictionary<string, byte[]> Objects { get; } = [];

    /// <summary>Media handed out and not yet released.</summary>
    public int Held { get; private set; }

    public async Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellationToken)
    {
        using var memory = new MemoryStream();
        await content.CopyToAsync(memory, cancellationToken);
        Objects[key] = memory.ToArray();
        return memory.Length;
    }

    public Task<Stream> OpenAsync(string key, CancellationToken cancellationToken) => Task.FromResult<Stream>(new MemoryStream(Objects[key]));

    public Task<LocalObject> MaterializeAsync(string key, CancellationToken cancellationToken)
    {
        Held++;
        return Task.FromResult(new LocalObject(mediaPath, () => Held--));
    }

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ObjectTotal> MeasureAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> DeletePrefixAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();
}
