namespace Deepfake.IngestService.Fetching;

/// <summary>The body of an answer; stops with the time of the fetch, and tells its own failures from those of who reads it.</summary>
internal sealed class FetchedStream(Stream body, CancellationToken stop) : Stream
{
    /// <summary>What ended it early.</summary>
    public Exception? Failure { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, cancellationToken);
            return await body.ReadAsync(buffer, both.Token);
        }
        catch (Exception e)
        {
            Failure = e;
            // The reader's own token is not cancelled: to it, this is a stream that broke.
            throw e is OperationCanceledException && !cancellationToken.IsCancellationRequested ? new IOException("The fetch ran out of time.", e) : e;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) body.Dispose();
        base.Dispose(disposing);
    }
}
