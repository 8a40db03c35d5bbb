using System.Text.RegularExpressions;

namespace Deepfake.Standalone.Evaluate;

/// <summary>One file to score.</summary>
/// <param name="Path">Relative to the set's folder, with '/'.</param>
/// <param name="Fake">Whether it lies under <c>fake/</c>.</param>
/// <param name="Folder">Its folder relative to the set: <c>fake/Deepfakes</c>, or <c>fake</c> for files right below.</param>
/// <param name="Group">What it is pooled and resampled with; the path itself without <c>--group-by</c>.</param>
internal sealed record EvaluationFile(string Path, bool Fake, string Folder, string Group);

/// <summary>The files below <c>DIR/real</c> and <c>DIR/fake</c>.</summary>
internal static class EvaluationSet
{
    /// <summary>Lists the files by path. Hidden files and folders are left out.</summary>
    /// <param name="directory">The set.</param>
    /// <param name="groupBy">Applied to each path; its first group (or the whole match) names the group. Null for none.</param>
    /// <exception cref="DirectoryNotFoundException">One of the two folders is missing or empty.</exception>
    public static IReadOnlyList<EvaluationFile> List(string directory, Regex? groupBy)
    {
        List<EvaluationFile> files = [];
        foreach (var label in (string[])["real", "fake"])
        {
            var folder = System.IO.Path.Combine(directory, label);
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden | FileAttributes.System };
            var found = Directory.Exists(folder)
                ? Directory.EnumerateFiles(folder, "*", options).Select(file => System.IO.Path.GetRelativePath(directory, file).Replace('\\', '/')).Order(StringComparer.Ordinal).ToList()
                : [];
            if (found.Count == 0) throw new DirectoryNotFoundException($"There are no files below '{folder}'.");
            files.AddRange(found.Select(path => new EvaluationFile(path, label == "fake", path[..path.LastIndexOf('/')], Group(path, groupBy))));
        }

        return files;
    }

    private static string Group(string path, Regex? groupBy)
    {
        var match = groupBy?.Match(path);
        if (match is not { Success: true }) return path;
        return match.Groups.Count > 1 && match.Groups[1].Success ? match.Groups[1].Value : match.Value;
    }
}
