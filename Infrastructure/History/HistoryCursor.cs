using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Deepfake.Infrastructure.History;

/// <summary>Place between two results in the order of a history: newest first, and by id among those of the same instant.</summary>
/// <param name="CreatedAt">Time of the last result before the place.</param>
/// <param name="Id">Its id.</param>
public readonly record struct HistoryCursor(DateTimeOffset CreatedAt, string Id)
{
    /// <summary>Place right behind a result, in the precision that every database keeps.</summary>
    public static HistoryCursor Behind(DateTimeOffset createdAt, string id) => new(HistoryTerms.ToStored(createdAt), id);

    /// <summary>Whether a result comes behind this place.</summary>
    public bool IsBefore(DateTimeOffset createdAt, string id) =>
        HistoryTerms.ToStored(createdAt).CompareTo(CreatedAt) is var order and not 0 ? order < 0 : string.CompareOrdinal(id, Id) < 0;

    /// <summary>The opaque form for clients.</summary>
    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(CreatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture) + "|" + Id));

    /// <summary>Reads the opaque form; anything else gives null.</summary>
    public static HistoryCursor? Parse(string text)
    {
        if (text.Length > 400 || !Base64Url.IsValid(text)) return null;
        var plain = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        var bar = plain.IndexOf('|', StringComparison.Ordinal);
        return bar > 0 && long.TryParse(plain.AsSpan(0, bar), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new HistoryCursor(new DateTimeOffset(ticks, TimeSpan.Zero), plain[(bar + 1)..])
            : null;
    }
}
