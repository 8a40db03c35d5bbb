using System.Security.Cryptography;

namespace Deepfake.IngestService.Uploads;

/// <summary>The body of a request as far as the upload has room for it, hashed on its way where a checksum wants that.</summary>
internal sealed class PieceStream(Stream body, long room, HashAlgorithmName? algorithm) : Stream
{
    private readonly IncrementalHash? _hash = algorithm is { } name ? IncrementalHash.CreateHash(name) : null;
    private long _room = room;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Hash of what was read.</summary>
    public byte[] Hash() => _hash!.GetCurrentHash();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_room == 0) return 0;
        var read = await body.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _room)], cancellationToken);
        _room -= read;
        _hash?.AppendData(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Uploads are read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash?.Dispose();
        base.Dispose(disposing);
    }
}
