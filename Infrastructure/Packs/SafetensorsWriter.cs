using System.Buffers.Binary;
using System.Text.Json;

namespace Deepfake.Infrastructure.Packs;

/// <summary>One <c>uint8</c> tensor to write.</summary>
/// <param name="Name">Name of the tensor.</param>
/// <param name="Shape">Its dimensions; their product is the length of <paramref name="Data"/>.</param>
/// <param name="Data">Row-major bytes.</param>
public sealed record ByteTensor(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Data);

/// <summary>
/// Writes the safetensors format: 8 bytes little-endian header length, a JSON header padded with spaces so that the data starts
/// 8-byte aligned, then the tensors back to back.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes tensors and string metadata to a stream.</summary>
    /// <exception cref="ArgumentException">A shape does not fit its data.</exception>
    public static async Task WriteAsync(
        Stream stream, IReadOnlyList<ByteTensor> tensors, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Header(tensors, metadata), cancellationToken);
        foreach (var tensor in tensors)
            await stream.WriteAsync(tensor.Data, cancellationToken);
    }

    private static byte[] Header(IReadOnlyList<ByteTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata) writer.WriteString(key, value);
            writer.WriteEndObject();
            long offset = 0;
            foreach (var tensor in tensors)
            {
                if (tensor.Shape.Aggregate(1L, (product, side) => product * side) != tensor.Data.Length)
                    throw new ArgumentException($"Tensor '{tensor.Name}': shape [{string.Join(',', tensor.Shape)}] does not fit {tensor.Data.Length} bytes.", nameof(tensors));
                writer.WriteStartObject(tensor.Name);
                writer.WriteString("dtype", "U8");
                writer.WriteStartArray("shape");
                foreach (var side in tensor.Shape) writer.WriteNumberValue(side);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += tensor.Data.Length);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        var length = (int)((json.Length + 7) / 8 * 8);
        var header = new byte[8 + length];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        header.AsSpan(8).Fill((byte)' ');
        json.GetBuffer().AsSpan(0, (int)json.Length).CopyTo(header.AsSpan(8));
        return header;
    }
}
