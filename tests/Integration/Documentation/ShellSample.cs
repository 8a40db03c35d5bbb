using System.Text.RegularExpressions;

namespace Deepfake.Integration.Documentation;

/// <summary>A command of the documentation that calls the API.</summary>
/// <param name="Text">As a reader would type it.</param>
/// <param name="Promises">What the comment behind it says of the answer: a status, the name of a header, a member of the document.</param>
internal sealed partial record ShellSample(string Text, IReadOnlyList<string> Promises)
{
    /// <summary>The commands of each <c>sh</c> block of a document.</summary>
    public static IReadOnlyList<IReadOnlyList<ShellSample>> Read(string markdown) =>
    [
        .. Block().Matches(markdown).Select(block => (IReadOnlyList<ShellSample>)
        [
            .. block.Groups["text"].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(line => line.StartsWith("curl ", StringComparison.Ordinal)).Select(Of),
        ]).Where(samples => samples.Count > 0),
    ];

    /// <summary>Whether an answer of this status is one that the comment promises: one of those it names, else a success.</summary>
    public bool Allows(int status)
    {
        var named = Promises.SelectMany(promise => Status().Matches(promise)).Select(match => int.Parse(match.Value, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        return named.Count == 0 ? status is >= 200 and < 300 : named.Contains(status);
    }

    /// <summary>Headers that the comment names.</summary>
    public IEnumerable<string> Headers => Named.Select(promise => promise.Split(':')[0]).Where(promise => Header().IsMatch(promise));

    /// <summary>Members of the answered document that the comment names.</summary>
    public IEnumerable<string> Members => Named.Where(promise => Member().IsMatch(promise));

    /// <summary>Only behind a status are these names; elsewhere the comment is prose.</summary>
    private IEnumerable<string> Named => Promises.Count > 0 && int.TryParse(Promises[0], out _) ? Promises.Skip(1) : [];

    private static ShellSample Of(string line)
    {
        var comment = line.LastIndexOf(" # ", StringComparison.Ordinal);
        return comment < 0 ? new ShellSample(line, []) : new ShellSample(line[..comment].TrimEnd(), [.. line[(comment + 3)..].Split(',').Select(promise => promise.Trim())]);
    }

    [GeneratedRegex("^```sh\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\b[2-5]\d\d\b", RegexOptions.None, 1000)]
    private static partial Regex Status();

    [GeneratedRegex("^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Header();

    [GeneratedRegex("^[a-z][a-z0-9_]*$", RegexOptions.None, 1000)]
    private static partial Regex Member();
}
