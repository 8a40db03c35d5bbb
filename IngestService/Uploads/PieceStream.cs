using System.Security.Cryptography;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Uploads;

/// <summary>The body of a request as far as the upload has room for it, hashed on its way where a checksum wants that.</summary>
internal sealed class PieceStream(Stream body, long room, HashAlgorithmName? algorithm) : ForwardStream
{
    private readonly IncrementalHash? _hash = algorithm is { } name ? IncrementalHash.CreateHash(name) : null;
    private long _room = room;

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

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash?.Dispose();
        base.Dispose(disposing);
    }
}
