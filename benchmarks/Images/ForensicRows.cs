using System.Numerics;
using System.Numerics.Tensors;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Consumers;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;

namespace Deepfake.Benchmarks.Images;

internal static class ForensicRows
{
    public static async Task PrintAsync(string film)
    {
        using var folder = new TemporaryDirectory();
        var message = await ForensicsShare.ExtractAsync(film, folder.Path);
        var reader = new MaterialReader(new FolderObjectStore(folder.Path));
        var manifest = ForensicsManifest.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "models", "forensics.json")));
        var suite = new SignalSuite(SignalSuite.All, manifest, NullLogger<SignalSuite>.Instance);
        var material = await reader.ReadAsync(message, CancellationToken.None);
        Whole(() => suite.Measure(new ForensicMaterial { Kind = material.Kind, Format = material.Format, Frames = material.Frames, Index = material.Index, Head = material.Head, Encoding = material.Encoding }, CancellationToken.None));

        Luma(material);
        Spectrum(material);
        Blocks(material);
        Noise(material);
        Motion(material);
    }

    private static void Whole(Action measure) => Comparison.Print("forensic set of the clip, as it ships (twice)", 1, measure, measure, "");

    private static void Luma(ForensicMaterial material)
    {
        var windows = material.Frames.WindowPixels;
        using Mat wide = new(), luma = new();
        byte[][] pixels = [.. windows.Select(window => window.Data.ToArray())];
        var apart = Comparison.Apart(windows.Zip(pixels).SelectMany(pair =>
        {
            var ours = LumaPlane.Read(pair.First).Pixels;
            Theirs(pair.Second, pair.First.Shape);
            return ours.Zip(luma.AsSpan<float>().ToArray(), (a, b) => ((double)a, (double)b));
        }));
        Comparison.Print($"luma of a window ({windows[0].Shape[1]} x {windows[0].Shape[0]})", windows.Count, () =>
        {
            foreach (var window in windows) LumaPlane.Read(window);
        }, () =>
        {
            for (var i = 0; i < windows.Count; i++) Theirs(pixels[i], windows[i].Shape);
        }, apart);

        void Theirs(byte[] rgb, IReadOnlyList<int> shape)
        {
            using var picture = Mat.FromPixelData(shape[0], shape[1], MatType.CV_8UC3, rgb);
            picture.ConvertTo(wide, MatType.CV_32FC3);
            Cv2.CvtColor(wide, luma, ColorConversionCodes.RGB2GRAY);
        }
    }

    private static void Spectrum(ForensicMaterial material)
    {
        foreach (var side in new[] { 64, 128, 256 })
        {
            var luma = material.Plane(0).Square(0, 0, side);
            var start = Array.ConvertAll(luma, value => new Complex(value, 0));
            var ours = new Complex[start.Length];
            var real = Array.ConvertAll(luma, value => (double)value);
            using var source = Mat.FromPixelData(side, side, MatType.CV_64FC1, real);
            using Mat spectrum = new(), packed = new();
            Ours();
            Theirs();
            var theirs = spectrum.AsSpan<Complex>().ToArray();
            Comparison.Print($"Fourier transform of {side} x {side}, packed by symmetry", 1, Ours, () => Cv2.Dft(source, packed), "half of the numbers");
            Comparison.Print($"Fourier transform of {side} x {side}", 1, Ours, Theirs, Comparison.Apart(ours.Zip(theirs, (a, b) => (0.0, (a - b).Magnitude / ours[0].Magnitude)), "of the largest"));

            void Ours()
            {
                start.CopyTo(ours, 0);
                Fourier.Forward2D(ours, side);
            }

            void Theirs() => Cv2.Dft(source, spectrum, DftFlags.ComplexOutput);
        }
    }

    private static void Blocks(ForensicMaterial material)
    {
        var plane = material.Plane(0);
        int columns = plane.Width / 8, rows = plane.Height / 8;
        var theirs = new float[columns * rows * 64];
        using var picture = Mat.FromPixelData(plane.Height, plane.Width, MatType.CV_32FC1, plane.Pixels);
        using var block = new Mat(8, 8, MatType.CV_32FC1);
        var ours = BlockTransform.Grid(plane, 0, 0);
        Theirs();
        Comparison.Print($"DCT of an 8 x 8 block, {columns * rows} of a window", columns * rows, () => BlockTransform.Grid(plane, 0, 0), Theirs, Comparison.Apart(ours.Zip(theirs, (a, b) => ((double)a, (double)b))));

        void Theirs()
        {
            for (var i = 0; i < columns * rows; i++)
            {
                using var part = picture[new Rect(i % columns * 8, i / columns * 8, 8, 8)];
                Cv2.Dct(part, block);
                block.AsSpan<float>().CopyTo(theirs.AsSpan(64 * i));
            }
        }
    }

    private static void Noise(ForensicMaterial material)
    {
        var plane = material.Plane(0);
        using var picture = Mat.FromPixelData(plane.Height, plane.Width, MatType.CV_32FC1, plane.Pixels);
        using var kernel = Mat.FromPixelData(3, 3, MatType.CV_32FC1, new float[] { -0.25f, 0.5f, -0.25f, 0.5f, -1, 0.5f, -0.25f, 0.5f, -0.25f });
        using Mat residual = new(), means = new();
        var ours = NoiseBlocks.Measure(plane);
        var theirs = Theirs();
        Comparison.Print($"noise of a window ({ours.Count} blocks)", 1, () => NoiseBlocks.Measure(plane), () => Theirs(), Comparison.Apart(ours.Zip(theirs, (a, b) => (a.Noise, b)), "octaves"));

        List<double> Theirs()
        {
            Cv2.Filter2D(picture, residual, MatType.CV_32FC1, kernel);
            using var inner = picture[new Rect(1, 1, (plane.Width - 2) / 16 * 16, (plane.Height - 2) / 16 * 16)];
            Cv2.Resize(inner, means, new Size(inner.Width / 4, inner.Height / 4), 0, 0, InterpolationFlags.Area);
            var noise = new List<double>();
            Span<float> block = stackalloc float[256];
            Span<float> cells = stackalloc float[16];
            ReadOnlySpan<float> all = residual.AsSpan<float>(), small = means.AsSpan<float>();
            for (var y = 1; y + 16 < plane.Height; y += 16)
            {
                for (var x = 1; x + 16 < plane.Width; x += 16)
                {
                    for (var row = 0; row < 4; row++) small.Slice(((y - 1) / 4 + row) * means.Width + (x - 1) / 4, 4).CopyTo(cells[(4 * row)..]);
                    float low = TensorPrimitives.Min<float>(cells), high = TensorPrimitives.Max<float>(cells);
                    if (low < 16 || high > 240 || high - low > 60) continue;
                    for (var row = 0; row < 16; row++) TensorPrimitives.Abs(all.Slice((y + row) * plane.Width + x, 16), block[(16 * row)..]);
                    noise.Add(Math.Log2(RobustStatistics.NormalScale * RobustStatistics.Select(block, 128) + NoiseBlocks.Rounding));
                }
            }

            return noise;
        }
    }

    private static void Motion(ForensicMaterial material)
    {
        var frames = material.Thumbnails.Frames;
        using var before = Bytes(frames[0]);
        using var current = Bytes(frames[1]);
        using var flow = new Mat();
        var blocks = frames[0].Width / 8 * (frames[0].Height / 8);
        Comparison.Print($"motion of a thumbnail: block search / Farneback ({blocks} blocks)", 1, () =>
        {
            for (var y = 0; y + 8 <= frames[0].Height; y += 8)
                for (var x = 0; x + 8 <= frames[0].Width; x += 8) BlockMatching.Residual(frames[1], frames[0], x, y);
        }, () => Cv2.CalcOpticalFlowFarneback(before, current, flow, 0.5, 3, 13, 3, 5, 1.1, OpticalFlowFlags.None), "not the same quantity");
    }

    private static Mat Bytes(LumaPlane plane)
    {
        using var wide = Mat.FromPixelData(plane.Height, plane.Width, MatType.CV_32FC1, plane.Pixels);
        var bytes = new Mat();
        wide.ConvertTo(bytes, MatType.CV_8UC1);
        return bytes;
    }
}
