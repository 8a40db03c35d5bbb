using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Uploads;

/// <summary>A body that must have a certain length: one that ends before throws, so that nothing of it is stored.</summary>
internal sealed class WholeStream(Stream body, long length, Func<Exception> wrong) : ForwardStream
{
    private long _count;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        _count += read;
        return read > 0 || _count == length ? read : throw wrong();
    }
}
