using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Faces;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging.Abstractions;
using OpenCvSharp;

namespace Deepfake.Benchmarks.Images;

internal static class CropRows
{
    public static void Print(IReadOnlyList<CutFrame> frames)
    {
        foreach (var factor in new[] { 0.5f, 1, 2, 4 }) Crops(frames, factor);
        Scores(frames);
        Views(frames, InterpolationFlags.Area);
        Views(frames, InterpolationFlags.Linear);
        Quality(frames);
        NetworkInput(frames, 160, 1.3f);
        NetworkInput(frames, 224, 1.3f);
    }

    private static void Crops(IReadOnlyList<CutFrame> frames, float factor)
    {
        var jobs = frames.SelectMany(frame => frame.Crops.Select(crop => (Frame: frame, Crop: crop with { Side = crop.Side * factor }))).Take(40).ToList();
        byte[][] ours = [.. jobs.Select(_ => new byte[FacePack.CropBytes])], theirs = [.. jobs.Select(_ => new byte[FacePack.CropBytes])];
        Comparison.Print($"crop, side x {factor} ({jobs.Min(j => j.Crop.Scale):0.0}-{jobs.Max(j => j.Crop.Scale):0.0})", jobs.Count, Ours, Theirs, Apart());

        void Ours()
        {
            for (var i = 0; i < jobs.Count; i++) FormerCropper.Crop(jobs[i].Frame.View, jobs[i].Crop, ours[i]);
        }

        void Theirs()
        {
            for (var i = 0; i < jobs.Count; i++) FaceCropper.Crop(jobs[i].Frame.View, jobs[i].Crop, theirs[i]);
        }

        string Apart()
        {
            Ours();
            Theirs();
            return Comparison.Apart(ours.Zip(theirs).SelectMany(pair => pair.First.Zip(pair.Second, (a, b) => ((double)a, (double)b))));
        }
    }

    /// <summary>How far the models' probabilities lie apart on crops cut in both ways.</summary>
    private static void Scores(IReadOnlyList<CutFrame> frames)
    {
        var provider = new CpuExecutionProvider();
        using var ensemble = Ensemble.Load(Path.Combine(AppContext.BaseDirectory, "models"), provider, provider.Shape(Environment.ProcessorCount), NullLogger.Instance, CancellationToken.None);
        List<FacePixels> former = [], crops = [];
        foreach (var (frame, crop) in frames.SelectMany(frame => frame.Crops.Select(crop => (frame, crop))))
        {
            byte[] before = new byte[FacePack.CropBytes], now = new byte[FacePack.CropBytes];
            FormerCropper.Crop(frame.View, crop, before);
            FaceCropper.Crop(frame.View, crop, now);
            former.Add(new FacePixels(before, default, null));
            crops.Add(new FacePixels(now, default, null));
        }

        // Patches of the native square are cut in no other way than before.
        foreach (var model in ensemble.Sessions.Where(model => model.Manifest.Input.View == InputView.Context))
        {
            float[] before = new float[crops.Count], now = new float[crops.Count];
            model.Score(former, before);
            model.Score(crops, now);
            Console.WriteLine($"  score of a crop by {model.Manifest.Name}: {Comparison.Apart(before.Zip(now, (a, b) => ((double)a, (double)b)), "of a probability")}");
        }
    }

    /// <summary>The detector's view of a whole frame.</summary>
    private static void Views(IReadOnlyList<CutFrame> frames, InterpolationFlags how)
    {
        var some = frames.Take(16).ToList();
        int width = 256, height = 144;
        float[][] ours = [.. some.Select(_ => new float[width * height * 3])], theirs = [.. some.Select(_ => new float[width * height * 3])];
        var resampler = new TriangleResampler();
        Comparison.Print($"detector's view 1920 x 1080 to 256 x 144, {how}", some.Count, Ours, Theirs, Apart());

        void Ours()
        {
            for (var i = 0; i < some.Count; i++) resampler.Resample(some[i].View, 0, 0, some[i].Width, some[i].Height, width, height, ours[i]);
        }

        void Theirs()
        {
            for (var i = 0; i < some.Count; i++)
            {
                using var picture = Mat.FromPixelData(some[i].Height, some[i].Width, MatType.CV_8UC3, some[i].Pixels);
                using var output = Mat.FromPixelData(height, width, MatType.CV_32FC3, theirs[i]);
                using var small = new Mat();
                Cv2.Resize(picture, small, new Size(width, height), 0, 0, how);
                small.ConvertTo(output, MatType.CV_32FC3);
            }
        }

        string Apart()
        {
            Ours();
            Theirs();
            return Comparison.Apart(ours.Zip(theirs).SelectMany(pair => pair.First.Zip(pair.Second, (a, b) => ((double)a, (double)b))));
        }
    }

    private static void Quality(IReadOnlyList<CutFrame> frames)
    {
        var face = new DetectedFace(new Contracts.Box(0, 0, 160, 160), [100, 120, 150, 120, 125, 150, 125, 170, 80, 130, 170, 130], 1, "");
        var crops = frames.SelectMany(frame => frame.Crops.Select(crop =>
        {
            var pixels = new byte[FacePack.CropBytes];
            FaceCropper.Crop(frame.View, crop, pixels);
            return pixels;
        })).Take(40).ToList();
        double[] ours = new double[crops.Count], theirs = new double[crops.Count];
        Comparison.Print("crop quality (luma, Laplacian)", crops.Count, Ours, Theirs, Apart());

        void Ours()
        {
            for (var i = 0; i < crops.Count; i++) ours[i] = FormerSharpness.Of(crops[i]);
        }

        void Theirs()
        {
            for (var i = 0; i < crops.Count; i++) theirs[i] = CropQuality.Measure(crops[i], face).Sharpness;
        }

        string Apart()
        {
            Ours();
            Theirs();
            return Comparison.Apart(ours.Zip(theirs, (a, b) => (0.0, (a - b) / a)), "of the variance");
        }
    }

    private static void NetworkInput(IReadOnlyList<CutFrame> frames, int size, float margin)
    {
        var crops = frames.SelectMany(frame => frame.Crops.Select(crop =>
        {
            var pixels = new byte[FacePack.CropBytes];
            FaceCropper.Crop(frame.View, crop, pixels);
            return pixels;
        })).Take(40).ToList();
        var input = new ModelInput { Size = size, Layout = TensorLayout.Nchw, Colour = ColourOrder.Rgb, Mean = [0, 0, 0], Std = [1, 1, 1], Margin = margin };
        var preprocessor = new CropPreprocessor(input);
        float[] ours = new float[preprocessor.Floats], theirs = new float[preprocessor.Floats];
        var side = (int)Math.Round(FacePack.Side * margin / FacePack.Margin);
        var first = (FacePack.Side - side) / 2;
        Mat[] planes;
        using Mat small = new(), wide = new();
        foreach (var how in new[] { InterpolationFlags.Area, InterpolationFlags.Linear })
        {
            var apart = Comparison.Apart(crops.SelectMany(crop =>
            {
                preprocessor.Write(crop, ours, []);
                Theirs(crop, how);
                return ours.Zip(theirs, (a, b) => (255.0 * a, 255.0 * b)).ToList();
            }));
            Comparison.Print($"network input {side} to {size}, {how}", crops.Count, () => crops.ForEach(crop => preprocessor.Write(crop, ours, [])), () => crops.ForEach(crop => Theirs(crop, how)), apart);
        }

        if (size < side) Exact();

        void Theirs(byte[] pixels, InterpolationFlags how)
        {
            using var crop = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, pixels);
            using var part = crop[new Rect(first, first, side, side)];
            part.ConvertTo(wide, MatType.CV_32FC3, 1 / 255.0);
            Cv2.Resize(wide, small, new Size(size, size), 0, 0, how);
            Cv2.Split(small, out planes);
            for (var c = 0; c < 3; c++)
            {
                planes[c].AsSpan<float>().CopyTo(theirs.AsSpan(c * size * size));
                planes[c].Dispose();
            }
        }

        // The only form of the triangle filter that OpenCV has for a ratio that is no whole number: two products with matrices of weights.
        void Exact()
        {
            var table = ResampleTable.Create(FacePack.Side, first, side, size);
            using var weights = new Mat(size, FacePack.Side, MatType.CV_32FC1, Scalar.All(0));
            for (var y = 0; y < size; y++)
                for (var k = 0; k < table.Weights[y].Length; k++) weights.Set(y, table.First[y] + k, table.Weights[y][k]);
            using Mat rows = new(), output = new();
            Mat[] channels = [];
            void Gemm(byte[] pixels)
            {
                using var crop = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, pixels);
                crop.ConvertTo(wide, MatType.CV_32FC3, 1 / 255.0);
                Cv2.Split(wide, out channels);
                for (var c = 0; c < 3; c++)
                {
                    Cv2.Gemm(weights, channels[c], 1, Empty, 0, rows);
                    Cv2.Gemm(rows, weights, 1, Empty, 0, output, GemmFlags.B_T);
                    output.AsSpan<float>().CopyTo(theirs.AsSpan(c * size * size));
                    channels[c].Dispose();
                }
            }

            preprocessor.Write(crops[0], ours, []);
            Gemm(crops[0]);
            Comparison.Print($"network input {side} to {size}, by Gemm", 4, () => crops.Take(4).ToList().ForEach(crop => preprocessor.Write(crop, ours, [])), () => crops.Take(4).ToList().ForEach(Gemm), Comparison.Apart(ours.Zip(theirs, (a, b) => (255.0 * a, 255.0 * b))));
        }
    }

    private static readonly Mat Empty = new();
}
