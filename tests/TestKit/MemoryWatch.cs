using System.Diagnostics;

namespace Deepfake.TestKit;

/// <summary>Highest managed heap and working set of this process above those at the start.</summary>
public sealed class MemoryWatch : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly (long Managed, long WorkingSet) _start;
    private readonly Task _watching;
    private (long Managed, long WorkingSet) _peak;

    /// <summary>Collects garbage and begins to watch.</summary>
    public MemoryWatch()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        _start = _peak = Now();
        _watching = Task.Run(async () =>
        {
            while (!_stop.IsCancellationRequested)
            {
                var now = Now();
                _peak = (Math.Max(_peak.Managed, now.Managed), Math.Max(_peak.WorkingSet, now.WorkingSet));
                await Task.Delay(2);
            }
        });
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>Bytes at the peak, less those at the start.</returns>
    public (long Managed, long WorkingSet) Added()
    {
        _stop.Cancel();
        _watching.Wait();
        return (_peak.Managed - _start.Managed, _peak.WorkingSet - _start.WorkingSet);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    private static (long Managed, long WorkingSet) Now()
    {
        using var self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: false), self.WorkingSet64);
    }
}
