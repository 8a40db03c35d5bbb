using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.Infrastructure.Tests.Packs;

public sealed class PackTests
{
    [Fact]
    public async Task A_face_pack_reads_back_crop_by_crop()
    {
        var pixels = new byte[2 * FacePack.CropBytes];
        new Random(3).NextBytes(pixels);
        CropInfo[] crops = [Crop(0.04, 1), Crop(1.0 / 3, 2)];
        using var stream = new MemoryStream();
        await new FacePack(pixels, crops).WriteAsync(stream, CancellationToken.None);
        stream.Position = 0;

        var read = await FacePack.ReadAsync(stream, CancellationToken.None);

        Assert.Equal(JsonSerializer.Serialize(crops, DeepfakeJson.Options), JsonSerializer.Serialize(read.Crops, DeepfakeJson.Options));
        Assert.True(read[0].Span.SequenceEqual(pixels.AsSpan(0, FacePack.CropBytes)));
        Assert.True(read[1].Span.SequenceEqual(pixels.AsSpan(FacePack.CropBytes)));
    }

    [Fact]
    public async Task Faces_keep_their_own_resolution_each_its_own()
    {
        var pixels = new byte[3 * FacePack.CropBytes];
        byte[] large = new byte[512 * 512 * 3], small = new byte[7 * 7 * 3];
        new Random(5).NextBytes(large);
        new Random(6).NextBytes(small);
        float[] points = [1, 2, 3, 4, 5, 6, 7, 8, -9.5f, 10, 11, 600];
        CropInfo[] crops = [Crop(0, 1) with { Native = new NativeInfo(512, points) }, Crop(1, 1), Crop(2, 1) with { Native = new NativeInfo(7, points) }];
        using var stream = new MemoryStream();
        await new FacePack(pixels, crops, [large, default, small]).WriteAsync(stream, CancellationToken.None);
        stream.Position = 0;

        var read = await FacePack.ReadAsync(stream, CancellationToken.None);

        Assert.True(read.Face(0).Native.Span.SequenceEqual(large));
        Assert.True(read.Face(2).Native.Span.SequenceEqual(small));
        Assert.Equal(points, read.Face(2).Square!.Landmarks);
        Assert.Equal((0, null), (read.Face(1).Native.Length, read.Face(1).Square));
    }

    [Theory]
    [InlineData(8, 12, 7 * 8 * 3)]
    [InlineData(8, 11, 8 * 8 * 3)]
    [InlineData(0, 12, 0)]
    [InlineData(513, 12, 513 * 513 * 3)]
    [InlineData(-8, 12, 8 * 8 * 3)]
    public void A_native_square_that_is_not_what_it_says_is_refused(int side, int numbers, int bytes)
    {
        CropInfo[] crops = [Crop(0, 1) with { Native = new NativeInfo(side, new float[numbers]) }];
        Assert.Throws<InvalidDataException>(() => new FacePack(new byte[FacePack.CropBytes], crops, [new byte[bytes]]));
    }

    [Fact]
    public async Task A_native_square_that_is_not_there_is_refused()
    {
        var crops = JsonSerializer.Serialize<CropInfo[]>([Crop(0, 1) with { Native = new NativeInfo(8, new float[12]) }], DeepfakeJson.Options);
        await RefusedAsync([new ByteTensor("faces", [1, 256, 256, 3], new byte[FacePack.CropBytes])], new() { ["crops"] = crops });
        await RefusedAsync([new ByteTensor("faces", [1, 256, 256, 3], new byte[FacePack.CropBytes]), new ByteTensor("native_0", [8, 4, 3], new byte[96])], new() { ["crops"] = crops });
    }

    [Fact]
    public async Task A_pack_without_crops_is_a_pack()
    {
        using var stream = new MemoryStream();
        await new FacePack(ReadOnlyMemory<byte>.Empty, []).WriteAsync(stream, CancellationToken.None);
        stream.Position = 0;
        Assert.Empty((await FacePack.ReadAsync(stream, CancellationToken.None)).Crops);
    }

    [Fact]
    public async Task Crops_without_pixels_and_pixels_without_crops_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => new FacePack(new byte[FacePack.CropBytes], [Crop(0, 1), Crop(1, 1)]));
        await RefusedAsync([new ByteTensor("faces", [1, 256, 256, 3], new byte[FacePack.CropBytes])], []);
        await RefusedAsync([new ByteTensor("faces", [1, 256, 256, 3], new byte[FacePack.CropBytes])], new() { ["crops"] = "[]" });
        await RefusedAsync([new ByteTensor("faces", [1, 256, 256, 3], new byte[FacePack.CropBytes])], new() { ["crops"] = "{" });
        await RefusedAsync([new ByteTensor("faces", [1, 2, 2, 3], new byte[12])], new() { ["crops"] = "[]" });
        await RefusedAsync([new ByteTensor("other", [1], new byte[1])], new() { ["crops"] = "[]" });
    }

    [Fact]
    public async Task A_frame_pack_reads_back_with_its_windows()
    {
        var pack = new FramePack
        {
            Thumbnails = new ByteTensor("", [2, 1, 2, 3], new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }),
            Seconds = [0, 1.5],
            Windows = [new FaceWindow(1.5, 2, new Box(1, 2, 3, 4), new Box(100, 200, 2, 1))],
            WindowPixels = [new ByteTensor("", [1, 2, 3], new byte[] { 20, 21, 22, 23, 24, 25 })],
        };
        using var stream = new MemoryStream();
        await pack.WriteAsync(stream, CancellationToken.None);
        stream.Position = 0;

        var read = await FramePack.ReadAsync(stream, CancellationToken.None);

        Assert.Equal(pack.Seconds, read.Seconds);
        Assert.Equal(pack.Windows, read.Windows);
        Assert.Equal(pack.Thumbnails.Data.ToArray(), read.Thumbnails.Data.ToArray());
        Assert.Equal(pack.WindowPixels[0].Data.ToArray(), read.WindowPixels[0].Data.ToArray());
        Assert.Equal(pack.WindowPixels[0].Shape, read.WindowPixels[0].Shape);
    }

    [Fact]
    public async Task Heat_maps_read_back_and_keep_their_log_odds()
    {
        var cells = Enumerable.Range(0, 2 * 3 * 4).Select(i => HeatMaps.FromLogOdds(i - 12)).ToArray();
        using var stream = new MemoryStream();
        await new HeatMapPack([new HeatMaps("swap", 1.3f, 3, 4, cells)]).WriteAsync(stream, CancellationToken.None);
        stream.Position = 0;

        var maps = Assert.Single((await HeatMapPack.ReadAsync(stream, CancellationToken.None)).Maps);

        Assert.Equal(("swap", 1.3f, 3, 4), (maps.Model, maps.Margin, maps.Height, maps.Width));
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7, 7.9375f, 7.9375f, 7.9375f, 7.9375f], maps[1].ToArray().Select(HeatMaps.ToLogOdds));
        Assert.Equal(-8f, HeatMaps.ToLogOdds(maps[0].Span[0]));
    }

    [Theory]
    [InlineData("{}", 4, 4)]
    [InlineData("""{"m":9}""", 4, 4)]
    [InlineData("""{"m":1.3}""", 1, 16)]
    [InlineData("[]", 4, 4)]
    public async Task What_is_no_heat_map_is_refused(string margins, int height, int rank)
    {
        using var stream = new MemoryStream();
        int[] shape = rank == 16 ? [16] : [1, height, 4];
        await SafetensorsWriter.WriteAsync(stream, [new ByteTensor("m", shape, new byte[16])], new Dictionary<string, string> { ["margins"] = margins }, CancellationToken.None);
        stream.Position = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() => HeatMapPack.ReadAsync(stream, CancellationToken.None));
    }

    private static async Task RefusedAsync(ByteTensor[] tensors, Dictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        await SafetensorsWriter.WriteAsync(stream, tensors, metadata, CancellationToken.None);
        stream.Position = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() => FacePack.ReadAsync(stream, CancellationToken.None));
    }

    private static CropInfo Crop(double seconds, int track) => new()
    {
        Seconds = seconds,
        TrackId = track,
        Box = new Box(1.5f, 2.25f, 100, 80),
        Landmarks = [100, 110, 150, 110, 128, 140, 128, 170, 70, 120, 190, 120],
        Quality = new FaceQuality { SizePixels = 100, Sharpness = 12.5f, Brightness = 90, Yaw = -0.1f, Roll = 3 },
    };
}
