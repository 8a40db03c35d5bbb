using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Tests;

internal static class TestCrops
{
    /// <summary>The same picture as <c>crop(seed)</c> in make_networks.py.</summary>
    public static byte[] Pattern(int seed)
    {
        var crop = new byte[FacePack.CropBytes];
        for (var y = 0; y < 256; y++)
            for (var x = 0; x < 256; x++)
                for (var c = 0; c < 3; c++)
                    crop[(y * 256 + x) * 3 + c] = (byte)(((x * (2 - c) + y * c) >> 1) + (x * y >> 5) % 32 + 16 * seed);
        return crop;
    }

    public static byte[] Flat(byte value)
    {
        var crop = new byte[FacePack.CropBytes];
        crop.AsSpan().Fill(value);
        return crop;
    }

    /// <summary>A face that is seen in its aligned crop alone.</summary>
    public static FacePixels Face(byte[] crop) => new(crop, default, null);

    /// <summary>A face that is seen at its own resolution too.</summary>
    public static FacePixels NativeFace() => new(Pattern(0), Pattern(1), new NativeInfo(256, [100, 100, 156, 100, 128, 130, 128, 160, 70, 110, 186, 110]));

    public static FacePack Pack(params byte[][] crops) => new(crops.SelectMany(c => c).ToArray(), [.. crops.Select((_, i) => Info(i))]);

    private static CropInfo Info(int row) => new()
    {
        Seconds = row * 0.1,
        TrackId = 1,
        Box = new Box(10, 10, 100, 100),
        Landmarks = new float[12],
        Quality = new FaceQuality { SizePixels = 100, Sharpness = 50, Brightness = 120, Yaw = 0, Roll = 0 },
    };
}
