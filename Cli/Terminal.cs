using System.CommandLine;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Deepfake.Cli;

/// <summary>
/// Standard output and standard error: with colours, bars and tables on a terminal, and as plain lines in a pipe or a file.
/// </summary>
internal static class Terminal
{
    private static readonly IAnsiConsole Output = Open(Console.Out, Console.IsOutputRedirected);

    /// <summary>Whether standard output is a terminal.</summary>
    public static bool ShowsOutput => !Console.IsOutputRedirected;

    /// <summary>Standard error.</summary>
    public static IAnsiConsole Errors { get; } = Open(Console.Error, Console.IsErrorRedirected);

    /// <summary>Prints columns: a table with a head on a terminal that is wide enough, else aligned lines without one, which scripts read.</summary>
    /// <param name="head">Names of the columns.</param>
    /// <param name="rows">Cells, as many as columns.</param>
    public static void PrintTable(IReadOnlyList<string> head, IReadOnlyList<StyledText[]> rows)
    {
        if (!ShowsOutput || !Fits(head, rows))
        {
            foreach (var line in Plain.Table(rows)) Console.Out.WriteLine(line);
            return;
        }

        var table = new Table().SimpleBorder();
        foreach (var name in head) table.AddColumn(new TableColumn($"[bold]{Markup.Escape(name)}[/]") { NoWrap = table.Columns.Count < head.Count - 1 });
        foreach (var row in rows) table.AddRow([.. row.Select(cell => new Markup(cell.Markup))]);
        Output.Write(table);
    }

    /// <summary>Prints one line of JSON for each item, to the byte.</summary>
    public static void PrintJson<T>(IEnumerable<T> items)
    {
        foreach (var item in items) Console.Out.WriteLine(Plain.Json(item));
    }

    /// <summary>The option of commands that ask before they act.</summary>
    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask first; without a terminal nothing is asked." };

    /// <summary>Prints a complaint.</summary>
    public static void Complain(string message) => Console.Error.WriteLine("deepfake: " + Plain.Shown(message));

    /// <summary>Asks a person whether to go on; where nobody can answer, the command line is answer enough.</summary>
    public static async Task<bool> ConfirmAsync(string question, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return true;
        return await Errors.ConfirmAsync(new StyledText(question).Markup, defaultValue: false, cancellationToken);
    }

    /// <summary>
    /// Whether all columns but the last fit unbroken, so that ids can be copied. Where they do not, Spectre.Console shows nothing but an ellipsis.
    /// </summary>
    private static bool Fits(IReadOnlyList<string> head, IReadOnlyList<StyledText[]> rows)
    {
        const int gap = 3, border = 1, narrowestCell = 12;
        int Width(int column) => rows.Select(row => row[column].Plain.GetCellWidth()).Prepend(head[column].GetCellWidth()).Max();
        var last = head.Count - 1;
        var whole = Enumerable.Range(0, last).Sum(Width);
        return whole + Math.Min(Width(last), narrowestCell) + (head.Count * gap) + border <= Output.Profile.Width;
    }

    /// <summary>A terminal that says so of itself: it knows no control sequences.</summary>
    private static bool IsDumb => !OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    private static IAnsiConsole Open(TextWriter writer, bool isRedirected) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(writer),
        // What it would find out by itself is about standard output, whichever of the two it writes to.
        Ansi = isRedirected || IsDumb ? AnsiSupport.No : OperatingSystem.IsWindows() ? AnsiSupport.Detect : AnsiSupport.Yes,
        Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Yes,
        // https://no-color.org
        ColorSystem = isRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        // The default ones take the log of a build server for a terminal.
        Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
    });
}

/// <summary>A line as it is, never broken: a terminal does that by itself, and what is copied from it stays one line.</summary>
internal sealed class WholeLine(string text) : IRenderable
{
    /// <inheritdoc/>
    public Measurement Measure(RenderOptions options, int maxWidth) => new(1, maxWidth);

    /// <inheritdoc/>
    public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [new Segment(text), Segment.LineBreak];
}
