using System.Globalization;
using System.Security.Cryptography;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// The body of a file on its way to the store: what was read to sniff it, then the rest. Counts, hashes and stops at the limit as it
/// goes; holds nothing but the bytes it was given.
/// </summary>
internal sealed class UploadStream(ReadOnlyMemory<byte> head, Stream rest, long maxBytes) : ForwardStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private ReadOnlyMemory<byte> _head = head;

    /// <summary>Bytes handed out so far.</summary>
    public long Count { get; private set; }

    /// <summary>What ended the stream early: the client or the limit. Tells their failures from those of the store.</summary>
    public Exception? Failure { get; private set; }

    public override long Position
    {
        get => Count;
        set => throw new NotSupportedException();
    }

    /// <summary>SHA-256 of everything handed out, lower-case hex.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            var read = await ReadSomeAsync(buffer, cancellationToken);
            Count += read;
            if (Count > maxBytes) throw TooLarge(maxBytes);
            _hash.AppendData(buffer.Span[..read]);
            return read;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failure = e;
            throw;
        }
    }

    public static SubmissionRejectedException TooLarge(long maxBytes) =>
        new(ErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The file is larger than {maxBytes / 1048576.0:0.##} MB."));

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash.Dispose();
        base.Dispose(disposing);
    }

    private ValueTask<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_head.IsEmpty) return rest.ReadAsync(buffer, cancellationToken);
        var read = Math.Min(_head.Length, buffer.Length);
        _head.Span[..read].CopyTo(buffer.Span);
        _head = _head[read..];
        return ValueTask.FromResult(read);
    }
}
