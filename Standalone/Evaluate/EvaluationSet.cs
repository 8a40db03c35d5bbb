using System.Text.RegularExpressions;

namespace Deepfake.Standalone.Evaluate;

/// <summary>One file to score.</summary>
/// <param name="Path">Relative to the set's folder, with '/'.</param>
/// <param name="Fake">Whether it lies under <c>fake/</c>.</param>
/// <param name="Folder">Its folder relative to the set: <c>fake/Deepfakes</c>, or <c>fake</c> for files right below.</param>
/// <param name="Group">What it is pooled with to one medium; the path itself where <c>--group-by</c> says nothing.</param>
/// <param name="Cluster">What it is resampled with; the group where <c>--cluster-by</c> says nothing.</param>
internal sealed record EvaluationFile(string Path, bool Fake, string Folder, string Group, string Cluster);

/// <summary>The files below <c>DIR/real</c> and <c>DIR/fake</c>.</summary>
/// <param name="Files">Reals, then fakes, each by path.</param>
/// <param name="Unread">Folders that could not be read, or not to their end, with why.</param>
/// <param name="Notes">What the patterns caught, where it is not everything.</param>
internal sealed record EvaluationSet(IReadOnlyList<EvaluationFile> Files, IReadOnlyDictionary<string, string> Unread, IReadOnlyList<string> Notes)
{
    // Folders that cannot be read shall be named, so they are not ignored here.
    private static readonly EnumerationOptions Visible = new() { IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };

    /// <summary>Lists the files. Hidden files and folders are left out, and links that lead back to a folder above them.</summary>
    /// <param name="directory">The set.</param>
    /// <param name="groupBy">Applied to each path; its first group (or the whole match) names the group. Null for none.</param>
    /// <param name="clusterBy">The same for the cluster.</param>
    /// <exception cref="EvaluationRefusedException">One of the two folders is missing or empty, or a pattern makes no sense here.</exception>
    public static EvaluationSet List(string directory, Regex? groupBy, Regex? clusterBy)
    {
        List<(string Path, bool Fake)> found = [];
        var unread = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var label in (string[])["real", "fake"])
        {
            var folder = System.IO.Path.Combine(directory, label);
            List<string> below = [];
            if (Directory.Exists(folder)) Walk(new DirectoryInfo(folder), label, below, unread);
            if (below.Count == 0) throw new EvaluationRefusedException($"There are no files below '{folder}'.{string.Concat(unread.Select(one => $" {one.Key}: {one.Value}"))}");
            found.AddRange(below.Order(StringComparer.Ordinal).Select(path => (path, label == "fake")));
        }

        List<string> notes = [];
        var groups = Named("--group-by", groupBy, found, notes);
        var clusters = Named("--cluster-by", clusterBy, found, notes);
        EvaluationFile[] files =
        [
            .. found.Select((file, i) => new EvaluationFile(
                file.Path, file.Fake, file.Path[..file.Path.LastIndexOf('/')], groups[i] ?? file.Path, clusters[i] ?? groups[i] ?? file.Path)),
        ];
        foreach (var medium in files.GroupBy(file => (file.Group, file.Fake)))
        {
            var other = medium.FirstOrDefault(file => file.Cluster != medium.First().Cluster);
            if (other is not null)
                throw new EvaluationRefusedException($"The group '{medium.Key.Group}' has files of two clusters, '{medium.First().Cluster}' and '{other.Cluster}': one medium cannot be resampled with both.");
        }

        return new EvaluationSet(files, unread, notes);
    }

    private static void Walk(DirectoryInfo folder, string path, List<string> files, IDictionary<string, string> unread)
    {
        try
        {
            if (LeadsBack(folder)) throw new IOException("It is a link to a folder above it.");
            foreach (var entry in folder.EnumerateFileSystemInfos("*", Visible))
            {
                var inside = $"{path}/{entry.Name}";
                if (entry is DirectoryInfo below) Walk(below, inside, files, unread);
                else files.Add(inside);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unread[path] = e.Message;
        }
    }

    private static bool LeadsBack(DirectoryInfo folder) =>
        folder.ResolveLinkTarget(returnFinalTarget: true) is { } target
        && (folder.FullName + System.IO.Path.DirectorySeparatorChar).StartsWith(target.FullName.TrimEnd(System.IO.Path.DirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>What a pattern names each path; null where it says nothing.</summary>
    private static string?[] Named(string option, Regex? pattern, List<(string Path, bool Fake)> files, List<string> notes)
    {
        var names = new string?[files.Count];
        if (pattern is null) return names;
        var empty = 0;
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Name(option, pattern, files[i].Path);
            // An empty name would make everything that the pattern misses in this way one medium, or one person.
            if (names[i] is not { Length: 0 }) continue;
            names[i] = null;
            empty++;
        }

        var caught = names.Count(name => name is not null);
        if (caught == 0) throw new EvaluationRefusedException($"{option} '{pattern}' names nothing in any of the {names.Length} paths, such as '{files[0].Path}'.");
        notes.Add($"{option} names {caught} of {names.Length} files, {names.Where(name => name is not null).Distinct(StringComparer.Ordinal).Count()} names"
            + (caught == names.Length ? "." : $"; the others stand alone{(empty > 0 ? $" ({empty} with an empty match)" : "")}."));
        return names;
    }

    private static string? Name(string option, Regex pattern, string path)
    {
        try
        {
            var match = pattern.Match(path);
            if (!match.Success) return null;
            return match.Groups.Count > 1 && match.Groups[1].Success ? match.Groups[1].Value : match.Value;
        }
        catch (RegexMatchTimeoutException)
        {
            throw new EvaluationRefusedException($"{option} '{pattern}' takes too long on '{path}'.");
        }
    }
}
