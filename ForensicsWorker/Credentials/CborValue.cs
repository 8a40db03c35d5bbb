using System.Buffers.Binary;
using System.Text;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>
/// A value of CBOR (RFC 8949), read with bounds: at most <see cref="MaxDepth"/> levels and <see cref="MaxValues"/> values, never past the bytes
/// given. Tags are dropped. Numbers beyond 63 bits and floats are read as null: nothing here needs them.
/// </summary>
public sealed class CborValue
{
    /// <summary>Levels of nesting.</summary>
    public const int MaxDepth = 16;

    /// <summary>Values in one document.</summary>
    public const int MaxValues = 20_000;

    private const int Indefinite = 31, Break = 0xFF;

    private CborValue()
    {
    }

    /// <summary>A whole number; null for another type.</summary>
    public long? Number { get; private init; }

    /// <summary>A text; null for another type.</summary>
    public string? Text { get; private init; }

    /// <summary>A byte string; null for another type.</summary>
    public ReadOnlyMemory<byte>? Bytes { get; private init; }

    /// <summary>Elements of an array; empty for another type.</summary>
    public IReadOnlyList<CborValue> Items { get; private init; } = [];

    /// <summary>Entries of a map; empty for another type.</summary>
    public IReadOnlyList<(CborValue Key, CborValue Value)> Entries { get; private init; } = [];

    /// <summary>The entry of a map under a text; null when there is none.</summary>
    public CborValue? this[string key]
    {
        get
        {
            foreach (var (name, value) in Entries)
                if (name.Text == key) return value;
            return null;
        }
    }

    /// <summary>The entry of a map under a number; null when there is none.</summary>
    public CborValue? this[long key]
    {
        get
        {
            foreach (var (name, value) in Entries)
                if (name.Number == key) return value;
            return null;
        }
    }

    /// <summary>Reads one value; null for what is damaged, too deep, too large or followed by more.</summary>
    public static CborValue? Read(ReadOnlyMemory<byte> cbor)
    {
        int at = 0, left = MaxValues;
        var value = Read(cbor, ref at, ref left, 0);
        return at == cbor.Length ? value : null;
    }

    /// <summary>All texts in it, keys of maps aside.</summary>
    public IEnumerable<string> Texts()
    {
        if (Text is not null) yield return Text;
        foreach (var text in Items.Concat(Entries.Select(entry => entry.Value)).SelectMany(item => item.Texts())) yield return text;
    }

    private static CborValue? Read(ReadOnlyMemory<byte> cbor, ref int at, ref int left, int depth)
    {
        while (true)
        {
            if (depth > MaxDepth || --left < 0 || at >= cbor.Length) return null;
            var head = cbor.Span[at++];
            var (type, info) = (head >> 5, head & 31);
            if (info == Indefinite && type is >= 2 and <= 5) return Indefinitely(cbor, type, ref at, ref left, depth);
            if (Argument(cbor.Span, ref at, info) is not { } argument) return null;
            if (type == 6) continue; // a tag
            return type switch
            {
                0 => new CborValue { Number = argument <= long.MaxValue ? (long)argument : null },
                1 => new CborValue { Number = argument < long.MaxValue ? -1 - (long)argument : null },
                2 => Take(cbor, ref at, argument) is { } bytes ? new CborValue { Bytes = bytes } : null,
                3 => Take(cbor, ref at, argument) is { } text ? new CborValue { Text = Encoding.UTF8.GetString(text.Span) } : null,
                4 or 5 => argument > (ulong)left ? null : Gather(cbor, type, (int)argument, ref at, ref left, depth),
                _ => new CborValue(),
            };
        }
    }

    /// <summary>What ends with a break instead of having a count: pieces of a string, elements, entries.</summary>
    private static CborValue? Indefinitely(ReadOnlyMemory<byte> cbor, int type, ref int at, ref int left, int depth)
    {
        if (type >= 4) return Gather(cbor, type, int.MaxValue, ref at, ref left, depth);
        if (Gather(cbor, 4, int.MaxValue, ref at, ref left, depth) is not { } pieces) return null;
        if (type == 3) return pieces.Items.All(piece => piece.Text is not null) ? new CborValue { Text = string.Concat(pieces.Items.Select(piece => piece.Text)) } : null;
        return pieces.Items.All(piece => piece.Bytes is not null) ? new CborValue { Bytes = pieces.Items.SelectMany(piece => piece.Bytes!.Value.ToArray()).ToArray() } : null;
    }

    /// <summary>The elements of an array (4) or the entries of a map (5), as many as counted or up to a break.</summary>
    private static CborValue? Gather(ReadOnlyMemory<byte> cbor, int type, int count, ref int at, ref int left, int depth)
    {
        var items = new List<CborValue>();
        var entries = new List<(CborValue, CborValue)>();
        for (var i = 0; i < count; i++)
        {
            if (count == int.MaxValue && at < cbor.Length && cbor.Span[at] == Break)
            {
                at++;
                break;
            }

            if (Read(cbor, ref at, ref left, depth + 1) is not { } first) return null;
            if (type == 4) items.Add(first);
            else if (Read(cbor, ref at, ref left, depth + 1) is { } second) entries.Add((first, second));
            else return null;
        }

        return new CborValue { Items = items, Entries = entries };
    }

    private static ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> cbor, ref int at, ulong length)
    {
        if (length > (ulong)(cbor.Length - at)) return null;
        var part = cbor.Slice(at, (int)length);
        at += (int)length;
        return part;
    }

    private static ulong? Argument(ReadOnlySpan<byte> cbor, ref int at, int info)
    {
        if (info < 24) return (ulong)info;
        if (info > 27) return null; // reserved, or a break where none belongs
        var size = 1 << (info - 24);
        if (size > cbor.Length - at) return null;
        var bytes = cbor.Slice(at, size);
        at += size;
        return size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
    }
}
