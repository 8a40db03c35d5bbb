using System.Text;
using Deepfake.FrameService.Decoding;
using Xunit;

namespace Deepfake.FrameService.Tests.Decoding;

public sealed class PpmReaderTests
{
    [Fact]
    public async Task Reads_one_picture_behind_the_other()
    {
        byte[] first = [.. "P6\n2 1\n255\n"u8, 1, 2, 3, 4, 5, 6], second = [.. "P6\n1 1\n255\n"u8, 7, 8, 9];
        var reader = new PpmReader(new MemoryStream([.. first, .. second]), 100, 1000);
        using (var picture = await reader.ReadAsync(default)) Assert.Equal([1, 2, 3, 4, 5, 6], picture!.Pixels.ToArray());
        using (var picture = await reader.ReadAsync(default)) Assert.Equal((1, 1), (picture!.Width, picture.Height));
        Assert.Null(await reader.ReadAsync(default));
    }

    [Theory]
    [InlineData("P6\n2 1\n255\n123")]
    [InlineData("P6\n2 1\n")]
    [InlineData("P5\n2 1\n255\n123456")]
    [InlineData("P6\n-2 1\n255\n123456")]
    [InlineData("P6\n2 1\n65535\n123456")]
    [InlineData("P6\n11 10\n255\n")]
    [InlineData("no picture at all, and no line break for as long as anyone would wait for one")]
    public async Task Refuses_what_is_damaged_or_too_large(string text) =>
        await Assert.ThrowsAsync<InvalidDataException>(() => new PpmReader(new MemoryStream(Encoding.ASCII.GetBytes(text)), 100, 1000).ReadAsync(default));

    [Fact]
    public async Task Refuses_more_bytes_than_agreed()
    {
        var one = (byte[])[.. "P6\n10 10\n255\n"u8, .. new byte[300]];
        var reader = new PpmReader(new MemoryStream([.. one, .. one]), 100, 500);
        using var picture = await reader.ReadAsync(default);
        await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(default));
    }
}
