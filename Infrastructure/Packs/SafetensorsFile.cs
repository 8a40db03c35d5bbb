using System.Buffers.Binary;
using System.Text.Json;

namespace Deepfake.Infrastructure.Packs;

/// <summary>A safetensors file with <c>uint8</c> tensors, held in memory; tensors are views, nothing is copied.</summary>
public sealed class SafetensorsFile
{
    private const int MaxHeaderBytes = 16 * 1024 * 1024;
    private readonly Dictionary<string, ByteTensor> _tensors;

    private SafetensorsFile(Dictionary<string, ByteTensor> tensors, Dictionary<string, string> metadata)
    {
        _tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The strings under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Names of the tensors.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>A tensor by name.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public ByteTensor this[string name] =>
        _tensors.TryGetValue(name, out var tensor) ? tensor : throw new InvalidDataException($"The pack has no tensor '{name}'.");

    /// <summary>Reads a whole stream and parses it.</summary>
    /// <exception cref="InvalidDataException">The bytes are no safetensors file of uint8 tensors.</exception>
    public static async Task<SafetensorsFile> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, cancellationToken);
        return Parse(memory.GetBuffer().AsMemory(0, (int)memory.Length));
    }

    /// <summary>Parses a file that is in memory; the tensors refer to it.</summary>
    /// <exception cref="InvalidDataException">The bytes are no safetensors file of uint8 tensors.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 8) throw new InvalidDataException("The pack is shorter than its header.");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerLength > MaxHeaderBytes || headerLength > (ulong)(file.Length - 8))
            throw new InvalidDataException("The pack's header is longer than the pack.");
        var data = file[(8 + (int)headerLength)..];
        var tensors = new Dictionary<string, ByteTensor>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var header = JsonDocument.Parse(file.Slice(8, (int)headerLength));
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.NameEquals("__metadata__"))
                {
                    foreach (var pair in entry.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
                    continue;
                }

                tensors[entry.Name] = ParseTensor(entry.Name, entry.Value, data);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new InvalidDataException("The pack's header is not valid: " + e.Message, e);
        }

        return new SafetensorsFile(tensors, metadata);
    }

    private static ByteTensor ParseTensor(string name, JsonElement entry, ReadOnlyMemory<byte> data)
    {
        if (entry.GetProperty("dtype").GetString() != "U8") throw new InvalidDataException($"Tensor '{name}' is not U8.");
        var shape = entry.GetProperty("shape").EnumerateArray().Select(side => side.GetInt32()).ToArray();
        var offsets = entry.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2) throw new InvalidDataException($"Tensor '{name}' has no begin and end.");
        int begin = offsets[0].GetInt32(), end = offsets[1].GetInt32();
        if (begin < 0 || end < begin || end > data.Length || Array.Exists(shape, side => side < 0) || shape.Aggregate(1L, (p, side) => checked(p * side)) != end - begin)
            throw new InvalidDataException($"Tensor '{name}' lies outside the pack or does not fit its shape.");
        return new ByteTensor(name, shape, data[begin..end]);
    }
}
