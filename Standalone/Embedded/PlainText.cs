using System.Globalization;
using System.Text;

namespace Deepfake.Standalone.Embedded;

/// <summary>Names of files as a terminal may show them: a data set of strangers must not move the cursor or reverse how a line reads.</summary>
internal static class PlainText
{
    /// <summary>One line without control and formatting characters, which are shown like <c>\u{1B}</c>.</summary>
    public static string Of(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                plain.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
            else
                plain.Append(rune.ToString());
        }

        return plain.ToString();
    }
}
