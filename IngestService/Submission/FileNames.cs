using System.Globalization;
using System.Text;

namespace Deepfake.IngestService.Submission;

/// <summary>Makes a client's file name safe to show. It is never used as a path.</summary>
public static class FileNames
{
    /// <summary>Longest name kept, in UTF-16 units.</summary>
    public const int MaxLength = 255;

    /// <summary>
    /// The last path segment without control characters and invisible ones (which could reverse how a name reads), at most
    /// <see cref="MaxLength"/> long; null where nothing is left.
    /// </summary>
    public static string? Clean(string? name)
    {
        if (name is null) return null;
        var segment = name.AsSpan(name.LastIndexOfAny(['/', '\\']) + 1);
        var clean = new StringBuilder(Math.Min(segment.Length, MaxLength));
        foreach (var rune in segment.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned) continue;
            if (clean.Length + rune.Utf16SequenceLength > MaxLength) break;
            clean.Append(rune.ToString());
        }

        var result = clean.ToString().Trim();
        return result.Trim('.').Length == 0 ? null : result;
    }
}
