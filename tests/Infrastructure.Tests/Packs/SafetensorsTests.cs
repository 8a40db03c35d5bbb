using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.Infrastructure.Tests.Packs;

public sealed class SafetensorsTests
{
    private static readonly ByteTensor[] Tensors = [new("a", [2, 3], new byte[] { 1, 2, 3, 4, 5, 6 }), new("empty", [0, 4], Array.Empty<byte>()), new("b", [1], new byte[] { 7 })];

    [Fact]
    public void A_file_laid_out_by_hand_is_read()
    {
        const string Header = """{"x":{"dtype":"U8","shape":[2,2],"data_offsets":[1,5]},"__metadata__":{"k":"v"}}""";
        var file = SafetensorsFile.Parse(File(Header, [9, 10, 11, 12, 13]));

        Assert.Equal(["x"], file.Names);
        Assert.Equal([2, 2], file["x"].Shape);
        Assert.Equal([10, 11, 12, 13], file["x"].Data.ToArray());
        Assert.Equal("v", file.Metadata["k"]);
    }

    [Fact]
    public async Task A_written_file_follows_the_format()
    {
        var bytes = await WriteAsync();

        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, (8 + length) % 8); // the tensors begin aligned
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        Assert.Equal("U8", header.RootElement.GetProperty("a").GetProperty("dtype").GetString());
        Assert.Equal("[2,3]", header.RootElement.GetProperty("a").GetProperty("shape").GetRawText());
        Assert.Equal("[0,6]", header.RootElement.GetProperty("a").GetProperty("data_offsets").GetRawText());
        Assert.Equal("[6,7]", header.RootElement.GetProperty("b").GetProperty("data_offsets").GetRawText());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], bytes[(8 + length)..]);
    }

    [Fact]
    public async Task What_was_written_reads_back()
    {
        var file = SafetensorsFile.Parse(await WriteAsync());

        foreach (var tensor in Tensors)
        {
            Assert.Equal(tensor.Shape, file[tensor.Name].Shape);
            Assert.Equal(tensor.Data.ToArray(), file[tensor.Name].Data.ToArray());
        }

        Assert.Equal("ünï \"quoted\"", file.Metadata["note"]);
        Assert.Throws<InvalidDataException>(() => file["c"]);
    }

    [Fact]
    public async Task A_shape_that_does_not_fit_is_refused_before_anything_is_written()
    {
        using var stream = new MemoryStream();
        await Assert.ThrowsAsync<ArgumentException>(() => SafetensorsWriter.WriteAsync(
            stream, [new ByteTensor("a", [2], new byte[3])], new Dictionary<string, string>(), CancellationToken.None));
        Assert.Equal(0, stream.Length);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[-2,-2],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[2147483647,2147483647,2147483647],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[0]}}""")]
    [InlineData("""{"x":{"shape":[4],"data_offsets":[0,4]}}""")]
    [InlineData("""{"x":7}""")]
    [InlineData("""{"__metadata__":{"k":7}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void A_header_that_lies_is_refused(string header) => Assert.Throws<InvalidDataException>(() => SafetensorsFile.Parse(File(header, [1, 2, 3, 4])));

    [Theory]
    [InlineData(0UL)]
    [InlineData(1000UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    public void A_header_length_beyond_the_file_is_refused(ulong length)
    {
        var file = File("{}", []);
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Parse(file));
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Parse(file.AsMemory(0, 5)));
    }

    [Fact]
    public async Task Damage_is_refused_or_harmless_and_never_anything_else()
    {
        var whole = await WriteAsync();
        var random = new Random(7);
        for (var i = 0; i < 5000; i++)
        {
            var damaged = whole.ToArray();
            for (var k = random.Next(1, 4); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var cut = damaged.AsMemory(0, random.Next(2) == 0 ? damaged.Length : random.Next(damaged.Length));
            try
            {
                var file = SafetensorsFile.Parse(cut);
                foreach (var name in file.Names) Assert.Equal(file[name].Shape.Aggregate(1L, (product, side) => product * side), file[name].Data.Length);
            }
            catch (InvalidDataException)
            {
                // Told as what it is.
            }
        }
    }

    private static async Task<byte[]> WriteAsync()
    {
        using var stream = new MemoryStream();
        await SafetensorsWriter.WriteAsync(stream, Tensors, new Dictionary<string, string> { ["note"] = "ünï \"quoted\"" }, CancellationToken.None);
        return stream.ToArray();
    }

    private static byte[] File(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        return [.. length, .. json, .. data];
    }
}
