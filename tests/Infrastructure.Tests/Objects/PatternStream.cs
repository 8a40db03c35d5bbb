namespace Deepfake.Infrastructure.Tests.Objects;

/// <summary>The bytes from start to length of an endless pattern: a stream of known bytes and unknown length that gives small pieces, may break, and never holds more than a piece.</summary>
internal sealed class PatternStream(long length, long? breaksAt = null, Func<Task>? beforeBreak = null, long start = 0) : Stream
{
    private long _position = start;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public static byte At(long position) => (byte)((position * 31) ^ (position >> 11));

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Uploads read asynchronously.");

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_position >= breaksAt)
        {
            if (beforeBreak is not null) await beforeBreak();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The client went away.");
        }

        var count = (int)Math.Min(Math.Min(buffer.Length, 70_001), Math.Min(length, breaksAt ?? length) - _position);
        for (var i = 0; i < count; i++) buffer.Span[i] = At(_position + i);
        _position += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
