using System.Text;

namespace Deepfake.Infrastructure.Documents;

/// <summary>What holds for documents in every database.</summary>
internal static class DocumentTerms
{
    private const int MaxName = 200;

    /// <summary>UTC in whole microseconds: what PostgreSQL keeps.</summary>
    public static DateTimeOffset? ToStored(DateTimeOffset? time) => time is { } at ? new DateTimeOffset(at.UtcTicks / 10 * 10, TimeSpan.Zero) : null;

    /// <summary>Whether there can be a document of this name; one that a client made up may hold anything.</summary>
    public static bool IsName(string tenant, string id) => id.Length is >= 1 and <= MaxName && tenant.Length <= MaxName && IsText(tenant) && IsText(id);

    /// <summary>Whether a list can begin behind this id.</summary>
    public static bool IsPlace(string tenant, string? afterId) => string.IsNullOrEmpty(afterId) ? IsName(tenant, "-") : IsName(tenant, afterId);

    /// <exception cref="ArgumentException">No document can have this name.</exception>
    public static void ThrowIfNoName<T>(Document<T> document)
        where T : class
    {
        if (!IsName(document.Tenant, document.Id))
            throw new ArgumentException($"An id has 1–{MaxName} characters, a tenant at most {MaxName}; neither holds U+0000 or half a surrogate pair.", nameof(document));
    }

    public static void ThrowIfNoLimit(int limit) => ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);

    private static bool IsText(string text)
    {
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != System.Buffers.OperationStatus.Done || rune.Value == 0) return false;
            rest = rest[length..];
        }

        return true;
    }
}
