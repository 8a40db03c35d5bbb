using System.Buffers;

namespace Deepfake.Infrastructure.Objects;

/// <summary>Collects up to one part of an upload. Starts small and grows, so that a small object costs a small buffer.</summary>
internal sealed class PartBuffer : IDisposable
{
    private const int FirstSize = 128 * 1024;
    private readonly int _capacity;
    private byte[] _bytes = [];

    /// <param name="capacity">Bytes of a full part.</param>
    public PartBuffer(int capacity) => _capacity = capacity;

    /// <summary>Bytes held.</summary>
    public int Length { get; private set; }

    /// <summary>Whether a part is complete.</summary>
    public bool IsFull => Length == _capacity;

    /// <summary>Reads until the buffer is full or the stream ends; what was held before is gone.</summary>
    public Task FillAsync(Stream content, CancellationToken cancellationToken)
    {
        Length = 0;
        return FillUpAsync(content, cancellationToken);
    }

    /// <summary>Reads behind what is held, until the buffer is full or the stream ends. When the stream breaks, what came before is held.</summary>
    public async Task FillUpAsync(Stream content, CancellationToken cancellationToken)
    {
        while (!IsFull)
        {
            if (Length == _bytes.Length) Grow();
            var read = await content.ReadAsync(_bytes.AsMemory(Length, Math.Min(_bytes.Length, _capacity) - Length), cancellationToken);
            if (read == 0) return;
            Length += read;
        }
    }

    /// <summary>Forgets what was held.</summary>
    public void Clear() => Length = 0;

    /// <summary>The bytes as a stream over the buffer; valid until the next fill.</summary>
    public MemoryStream Open() => new(_bytes, 0, Length, writable: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(Math.Max(FirstSize, _bytes.Length * 2), _capacity));
        _bytes.AsSpan(0, Length).CopyTo(larger);
        Dispose();
        _bytes = larger;
    }
}
