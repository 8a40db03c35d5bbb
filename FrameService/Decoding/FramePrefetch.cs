using System.Threading.Channels;

namespace Deepfake.FrameService.Decoding;

/// <summary>Runs a decoder ahead of its reader by a few frames, from the moment it is made. Disposing it stops the decoder and frees what was not read.</summary>
internal sealed class FramePrefetch : IAsyncEnumerator<VideoFrame>
{
    /// <summary>Frames decoded ahead of their use.</summary>
    private const int Ahead = 2;

    private readonly Channel<VideoFrame> _channel =
        Channel.CreateBounded<VideoFrame>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource _stop;
    private readonly Task _producing;
    private VideoFrame? _current;

    /// <summary>Starts the decoder.</summary>
    /// <param name="frames">What it delivers.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public FramePrefetch(IAsyncEnumerable<VideoFrame> frames, CancellationToken cancellationToken)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _producing = Task.Run(() => ProduceAsync(frames), CancellationToken.None);
    }

    /// <inheritdoc/>
    public VideoFrame Current => _current ?? throw new InvalidOperationException("There is no frame.");

    /// <inheritdoc/>
    public async ValueTask<bool> MoveNextAsync()
    {
        _current = null;
        if (!await _channel.Reader.WaitToReadAsync(CancellationToken.None)) return false;
        return _channel.Reader.TryRead(out _current);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _producing;
        while (_channel.Reader.TryRead(out var left)) left.Dispose();
        _stop.Dispose();
    }

    private async Task ProduceAsync(IAsyncEnumerable<VideoFrame> frames)
    {
        try
        {
            await foreach (var frame in frames.WithCancellation(_stop.Token))
            {
                try
                {
                    await _channel.Writer.WriteAsync(frame, _stop.Token);
                }
                catch
                {
                    frame.Dispose();
                    throw;
                }
            }

            _channel.Writer.TryComplete();
        }
        catch (Exception e)
        {
            // The reader gets the fault.
            _channel.Writer.TryComplete(e);
        }
    }
}
