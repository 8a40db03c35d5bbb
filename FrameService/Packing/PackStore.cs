using System.IO.Pipelines;
using Deepfake.Infrastructure.Objects;

namespace Deepfake.FrameService.Packing;

/// <summary>Stores what a writer produces without holding it twice: the writer's stream is the store's.</summary>
internal static class PackStore
{
    private static readonly PipeOptions Options = new(pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024, minimumSegmentSize: 64 * 1024, useSynchronizationContext: false);

    /// <summary>Stores a safetensors pack.</summary>
    public static async Task PutAsync(this IObjectStore store, string key, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var pipe = new Pipe(Options);
        var writing = WriteAsync(pipe.Writer, write, cancellationToken);
        Exception? fault = null;
        try
        {
            await store.PutAsync(key, pipe.Reader.AsStream(), "application/octet-stream", cancellationToken);
        }
        catch (Exception e)
        {
            fault = e;
            throw;
        }
        finally
        {
            await pipe.Reader.CompleteAsync(fault);
            await writing;
        }
    }

    private static async Task WriteAsync(PipeWriter writer, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await write(writer.AsStream(leaveOpen: true), cancellationToken);
            await writer.CompleteAsync();
        }
        catch (Exception e)
        {
            // The reader, that is the store, gets the fault.
            await writer.CompleteAsync(e);
        }
    }
}
