namespace Deepfake.Cli;

/// <summary>What a colour says.</summary>
internal enum Colour
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>All is well.</summary>
    Good,

    /// <summary>Look at it.</summary>
    Doubtful,

    /// <summary>Something is wrong.</summary>
    Bad,
}

/// <summary>
/// A piece of text, shown as it is: neither its control characters nor its brackets command anything, so it may come from anybody.
/// </summary>
/// <param name="Text">The text.</param>
/// <param name="Colour">Its colour on a terminal.</param>
internal readonly record struct StyledText(string? Text, Colour Colour = Colour.None)
{
    /// <summary>Without colour and control characters.</summary>
    public string Plain => Cli.Plain.Shown(Text);

    /// <summary>As markup of Spectre.Console.</summary>
    public string Markup => Colour switch
    {
        Colour.Good => $"[green]{Spectre.Console.Markup.Escape(Plain)}[/]",
        Colour.Doubtful => $"[yellow]{Spectre.Console.Markup.Escape(Plain)}[/]",
        Colour.Bad => $"[red]{Spectre.Console.Markup.Escape(Plain)}[/]",
        _ => Spectre.Console.Markup.Escape(Plain),
    };

    /// <summary>A text without colour.</summary>
    public static implicit operator StyledText(string? text) => new(text);
}
