using System.Numerics;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Tests;

/// <summary>Synthetic pictures and packs.</summary>
internal static class TestMaterial
{
    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Samples", name));

    public static FramePack Pack(IReadOnlyList<float[]>? windows = null, int side = 0, Box face = default, IReadOnlyList<byte[]>? thumbnails = null, int thumbnailSide = 0) => new()
    {
        Thumbnails = new ByteTensor("thumbnails", [thumbnails?.Count ?? 0, thumbnailSide, thumbnailSide, 3], thumbnails?.SelectMany(t => t).ToArray() ?? []),
        Seconds = [.. Enumerable.Range(0, thumbnails?.Count ?? 0).Select(i => i * 0.5)],
        Windows = [.. (windows ?? []).Select((_, i) => new FaceWindow(i, 1, face, new Box(0, 0, side, side)))],
        WindowPixels = [.. (windows ?? []).Select((w, i) => new ByteTensor($"window_{i}", [side, side, 3], Rgb(w)))],
    };

    public static ForensicMaterial Of(FramePack pack, MediaKind kind = MediaKind.Image, MediaFormat format = MediaFormat.Png, byte[]? head = null) =>
        new() { Kind = kind, Format = format, Frames = pack, Head = head ?? [] };

    /// <summary>A frontal face that drifts, with landmarks where a face has them.</summary>
    public static IndexedFace Face(int track, Box box, int step, Func<double>? tremble = null)
    {
        float[] places = [0.3f, 0.35f, 0.7f, 0.35f, 0.5f, 0.6f, 0.5f, 0.8f, 0.02f, 0.4f, 0.98f, 0.4f];
        return new IndexedFace
        {
            TrackId = track,
            Shard = 0,
            Row = 0,
            Box = box,
            Landmarks = [.. places.Select((place, i) => (i % 2 == 0 ? box.X + place * box.Width + 2 * step : box.Y + place * box.Height + step) + (float)(tremble?.Invoke() ?? 0))],
            Confidence = 0.9f,
            Quality = new FaceQuality { SizePixels = box.Width, Sharpness = 100, Brightness = 128, Yaw = 0, Roll = 0 },
        };
    }

    public static FaceIndex Index(int width, IReadOnlyList<IndexedFrame> frames) => new()
    {
        Kind = MediaKind.Video,
        Width = width,
        Height = width,
        Codec = "h264",
        Detector = "blazeface-256",
        Frames = frames,
    };

    /// <summary>Measures with the built-in calibration.</summary>
    public static Measurement Measure(IForensicSignal signal, ForensicMaterial material) => signal.Measure(material, signal.Assumed);

    public static byte[] Rgb(float[] luma) => [.. luma.SelectMany(value => Enumerable.Repeat((byte)Math.Clamp(MathF.Round(value), 0, 255), 3))];

    public static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Grey with normal noise.</summary>
    public static float[] WhiteNoise(int side, double deviation, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, side * side).Select(_ => (float)(128 + deviation * Normal(random)))];
    }

    /// <summary>A random picture whose amplitudes fall as 1 / frequency, as those of natural pictures do.</summary>
    public static float[] Natural(int side, int seed)
    {
        var random = new Random(seed);
        var spectrum = new Complex[side * side];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                double fy = y <= side / 2 ? y : y - side, fx = x <= side / 2 ? x : x - side;
                var radius = Math.Sqrt(fx * fx + fy * fy);
                if (radius > 0) spectrum[y * side + x] = new Complex(Normal(random), Normal(random)) / radius;
            }
        }

        Fourier.Forward2D(spectrum, side);
        var scale = 30 / Math.Sqrt(spectrum.Average(c => c.Real * c.Real));
        return [.. spectrum.Select(c => (float)(128 + scale * c.Real))];
    }
}
