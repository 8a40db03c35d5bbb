using System.Globalization;

namespace Deepfake.Cli;

/// <summary>A line at the bottom of a terminal that says how far things are; nothing at all where standard error is not one.</summary>
internal sealed class StatusLine : IDisposable
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(80);
    private readonly Lock _gate = new();
    private readonly bool _shown = !Console.IsErrorRedirected;
    private DateTime _next;
    private int _width;

    /// <summary>Shows how far something is; not every call is drawn.</summary>
    /// <param name="title">What.</param>
    /// <param name="percent">0–100.</param>
    /// <param name="note">What is going on.</param>
    public void Show(string title, double percent, string note)
    {
        if (!_shown) return;
        lock (_gate)
        {
            if (DateTime.UtcNow < _next) return;
            _next = DateTime.UtcNow + Pace;
            var full = (int)Math.Round(BarWidth * Math.Clamp(percent, 0, 100) / 100);
            var text = string.Create(CultureInfo.InvariantCulture, $"{title} [{new string('#', full)}{new string('.', BarWidth - full)}] {percent,3:0} %  {note}");
            Draw(text);
        }
    }

    /// <summary>Prints a line of results above the status.</summary>
    public void Print(string line)
    {
        lock (_gate)
        {
            Erase();
            Console.Out.WriteLine(line);
        }
    }

    /// <summary>Prints a complaint above the status.</summary>
    public void Complain(string line)
    {
        lock (_gate)
        {
            Erase();
            Console.Error.WriteLine(line);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate) Erase();
    }

    private void Draw(string text)
    {
        var columns = Math.Max(20, Console.BufferWidth - 1);
        if (text.Length > columns) text = text[..columns];
        Console.Error.Write("\r" + text.PadRight(_width));
        _width = text.Length;
    }

    private void Erase()
    {
        if (_width > 0) Console.Error.Write("\r" + new string(' ', _width) + "\r");
        _width = 0;
        _next = default;
    }
}

/// <summary>Progress that is told at once and in order; the framework's own comes later, when the line may be gone.</summary>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
