using System.Buffers.Binary;
using System.Text;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>
/// A superbox of JUMBF (ISO/IEC 19566-5): a label and what it holds. Read with bounds: at most <see cref="MaxDepth"/> levels and
/// <see cref="MaxBoxes"/> boxes, never past the bytes given.
/// </summary>
public sealed class JumbfBox
{
    /// <summary>Levels of nesting.</summary>
    public const int MaxDepth = 8;

    /// <summary>Boxes in one store.</summary>
    public const int MaxBoxes = 4096;

    private const uint Superbox = 0x6A756D62, Description = 0x6A756D64; // jumb, jumd

    /// <summary>Its label; empty without one.</summary>
    public string Label { get; private init; } = "";

    /// <summary>Everything behind its own header: what C2PA's hashes of assertions cover.</summary>
    public ReadOnlyMemory<byte> Payload { get; private init; }

    /// <summary>Superboxes in it.</summary>
    public IReadOnlyList<JumbfBox> Children { get; private init; } = [];

    /// <summary>First content box that is no superbox, without its header; empty without one.</summary>
    public ReadOnlyMemory<byte> Content { get; private init; }

    /// <summary>A child by label; null when there is none.</summary>
    public JumbfBox? Child(string label) => Children.FirstOrDefault(child => child.Label == label);

    /// <summary>Reads a superbox; null for what is none or damaged.</summary>
    public static JumbfBox? Read(ReadOnlyMemory<byte> bytes)
    {
        var left = MaxBoxes;
        return Next(bytes) is { } box && box.Type == Superbox ? Read(box.Content, 0, ref left) : null;
    }

    private static JumbfBox? Read(ReadOnlyMemory<byte> payload, int depth, ref int left)
    {
        if (depth > MaxDepth || --left < 0) return null;
        var label = "";
        var children = new List<JumbfBox>();
        ReadOnlyMemory<byte>? content = null;
        for (var rest = payload; !rest.IsEmpty;)
        {
            if (--left < 0 || Next(rest) is not { } box) return null;
            if (box.Type == Description) label = ReadLabel(box.Content.Span);
            else if (box.Type != Superbox) content ??= box.Content;
            else if (Read(box.Content, depth + 1, ref left) is { } child) children.Add(child);
            else return null;
            rest = rest[box.Length..];
        }

        return new JumbfBox { Label = label, Payload = payload, Children = children, Content = content ?? default };
    }

    /// <summary>A box at the start of some bytes: 4 bytes of length, 4 of type, and where the length is 1, 8 more of length.</summary>
    private static (uint Type, ReadOnlyMemory<byte> Content, int Length)? Next(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < 8) return null;
        ulong length = BinaryPrimitives.ReadUInt32BigEndian(span);
        var header = 8;
        if (length == 1)
        {
            if (span.Length < 16) return null;
            (length, header) = (BinaryPrimitives.ReadUInt64BigEndian(span[8..]), 16);
        }
        else if (length == 0)
        {
            length = (ulong)span.Length;
        }

        if (length < (ulong)header || length > (ulong)span.Length) return null;
        return (BinaryPrimitives.ReadUInt32BigEndian(span[4..]), bytes[header..(int)length], (int)length);
    }

    /// <summary>A description box: 16 bytes of type, toggles, and where bit 1 of them says so a label that ends with 0.</summary>
    private static string ReadLabel(ReadOnlySpan<byte> description)
    {
        if (description.Length < 18 || (description[16] & 2) == 0) return "";
        var label = description[17..];
        var end = label.IndexOf((byte)0);
        return end < 0 ? "" : Encoding.UTF8.GetString(label[..end]);
    }
}
