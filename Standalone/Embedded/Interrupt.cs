namespace Deepfake.Standalone.Embedded;

/// <summary>Ctrl-C for commands: the first asks for an end in order, which removes what was made on the way, the second ends the process.</summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public Interrupt() => Console.CancelKeyPress += Ask;

    /// <summary>Cancelled by the first.</summary>
    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Ask;
        _stop.Dispose();
    }

    private void Ask(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = !_stop.IsCancellationRequested;
        _stop.Cancel();
    }
}
