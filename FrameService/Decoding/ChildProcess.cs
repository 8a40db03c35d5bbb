using System.Diagnostics;
using System.Text;

namespace Deepfake.FrameService.Decoding;

/// <summary>
/// A tool run as a child: arguments as a list, a deadline, stderr drained line by line in bounded memory, the whole process tree
/// killed on cancellation, deadline or disposal.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int MaxLine = 2048, KeptErrors = 12;
    private readonly Process _process;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenRegistration _kill;
    private readonly Task _errors;
    private readonly Queue<string> _lastErrors = new();
    private bool _over;

    private ChildProcess(Process process, TimeSpan limit, Action<string>? onLine, CancellationToken cancellationToken)
    {
        _process = process;
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _deadline.CancelAfter(limit);
        _kill = _deadline.Token.Register(Kill);
        _errors = DrainAsync(onLine);
    }

    /// <summary>What the tool writes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Whether the deadline passed or the caller cancelled.</summary>
    public bool WasKilled => _deadline.IsCancellationRequested;

    /// <summary>The last lines the tool called errors, for logs.</summary>
    public string ErrorTail => string.Join(" | ", _lastErrors);

    /// <summary>Starts a tool.</summary>
    /// <param name="program">Name or path of the program.</param>
    /// <param name="arguments">Its arguments, passed as they are.</param>
    /// <param name="limit">How long it may run.</param>
    /// <param name="feed">Whether the caller writes to its stdin; otherwise stdin is closed at once.</param>
    /// <param name="onLine">Gets every line of stderr, cut at 2,048 characters.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public static ChildProcess Start(
        string program, IEnumerable<string> arguments, TimeSpan limit, bool feed = false, Action<string>? onLine = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["AV_LOG_FORCE_NOCOLOR"] = "1";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"'{program}' did not start.");
        if (!feed) process.StandardInput.Close();
        return new ChildProcess(process, limit, onLine, cancellationToken);
    }

    /// <summary>Waits for the end of the tool and of its stderr.</summary>
    /// <returns>Exit code; of a killed process not 0.</returns>
    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        await _errors;
        _over = true;
        return _process.ExitCode;
    }

    /// <summary>Writes the child's input and closes it. A child that ends before it has read everything is no error here: its exit code tells.</summary>
    public async Task FeedAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await write(_process.StandardInput.BaseStream, cancellationToken);
            await _process.StandardInput.BaseStream.FlushAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException and not FileNotFoundException or OperationCanceledException)
        {
            // Ended before, or killed.
        }
        finally
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                // Same.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _kill.DisposeAsync();
        if (!_over)
        {
            Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
            await _errors;
        }

        _deadline.Dispose();
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Ended by itself.
        }
    }

    private async Task DrainAsync(Action<string>? onLine)
    {
        var buffer = new char[4096];
        var line = new StringBuilder(256);
        int read;
        while ((read = await _process.StandardError.ReadAsync(buffer)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] is not ('\n' or '\r'))
                {
                    if (line.Length < MaxLine) line.Append(buffer[i]);
                    continue;
                }

                if (line.Length > 0) Take(line.ToString(), onLine);
                line.Clear();
            }
        }

        if (line.Length > 0) Take(line.ToString(), onLine);
    }

    private void Take(string line, Action<string>? onLine)
    {
        onLine?.Invoke(line);
        if (!line.Contains("[error]", StringComparison.Ordinal) && !line.Contains("[fatal]", StringComparison.Ordinal)) return;
        lock (_lastErrors)
        {
            if (_lastErrors.Count == KeptErrors) _lastErrors.Dequeue();
            _lastErrors.Enqueue(line);
        }
    }
}
