using Deepfake.ServiceDefaults;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>A request body that counts what is read of it.</summary>
internal sealed class CountingStream(Stream body) : ForwardStream
{
    /// <summary>Bytes read so far.</summary>
    public long Count { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        Count += read;
        return read;
    }
}
