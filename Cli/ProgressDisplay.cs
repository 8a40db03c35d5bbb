using Spectre.Console;
using Spectre.Console.Rendering;

namespace Deepfake.Cli;

/// <summary>Bars that say how far things are, with the results above them. There are no bars where standard error is no terminal.</summary>
internal sealed class ProgressDisplay
{
    private const int BarWidth = 24;
    private readonly ProgressContext? _bars;

    private ProgressDisplay(ProgressContext? bars) => _bars = bars;

    /// <summary>Whether there are bars.</summary>
    public bool HasBars => _bars is not null;

    /// <summary>Runs some work; the bars are gone when it ends.</summary>
    public static Task<int> RunAsync(Func<ProgressDisplay, Task<int>> work)
    {
        if (Console.IsErrorRedirected) return work(new ProgressDisplay(null));
        return Terminal.Errors.Progress()
            .AutoClear(true)
            .ExcludeVerticalPadding()
            .Columns(new ProgressBarColumn { Width = BarWidth }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(bars => work(new ProgressDisplay(bars)));
    }

    /// <summary>A bar for one thing, until it is disposed of.</summary>
    public ProgressLine Begin(string title) => new(_bars, title);

    /// <summary>Prints a line of results, in colours where they are shown.</summary>
    public void Print(params StyledText[] line)
    {
        // Bars and results share the screen: what does not pass by the bars' console would be written into them.
        if (Terminal.ShowsOutput && HasBars) Terminal.Errors.Write(new AboveBars(new Markup(string.Concat(line.Select(piece => piece.Markup)) + "\n")));
        else Console.Out.WriteLine(string.Concat(line.Select(piece => piece.Plain)));
    }

    /// <summary>Prints a line for programs, to the byte.</summary>
    public void PrintJson(string line)
    {
        if (Terminal.ShowsOutput && HasBars) Terminal.Errors.Write(new AboveBars(new WholeLine(line)));
        else Console.Out.WriteLine(line);
    }

    /// <summary>Prints a complaint about one of several things.</summary>
    public void Complain(string line)
    {
        if (HasBars) Terminal.Errors.Write(new AboveBars(new WholeLine(Plain.Shown(line))));
        else Console.Error.WriteLine(Plain.Shown(line));
    }
}

/// <summary>What is printed in the place of the bars, before they are drawn again below: they are wiped off first, or their ends would show beside it.</summary>
internal sealed class AboveBars(IRenderable content) : IRenderable
{
    private const string EraseToEndOfScreen = "\e[J";

    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => content.Measure(options, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
        options.Ansi ? [Segment.Control(EraseToEndOfScreen), .. content.Render(options, maxWidth)] : content.Render(options, maxWidth);
}

/// <summary>One bar; nothing where there are none.</summary>
internal sealed class ProgressLine : IDisposable
{
    private readonly ProgressContext? _bars;
    private readonly ProgressTask? _task;
    private readonly string _title;

    internal ProgressLine(ProgressContext? bars, string title)
    {
        (_bars, _title) = (bars, title);
        _task = bars?.AddTask(new StyledText(title).Markup);
    }

    /// <summary>Says how far it is.</summary>
    /// <param name="percent">0–100.</param>
    /// <param name="note">What is going on.</param>
    public void Show(double percent, string note)
    {
        if (_task is null) return;
        _task.Description = new StyledText($"{_title}  {note}").Markup;
        _task.Value = Math.Clamp(percent, 0, 100);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_task is not null) _bars?.RemoveTask(_task);
    }
}

/// <summary>Progress that is told at once and in order; the framework's own comes later, when the bar may be gone.</summary>
internal sealed class DirectProgress<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
