using Deepfake.FrameService.Cropping;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Pictures;
using OpenCvSharp;

namespace Deepfake.Benchmarks.Images;

internal static class PictureRows
{
    public static void Print(IReadOnlyList<CutFrame> frames)
    {
        var frame = frames.First(candidate => candidate.Crops.Count > 0);
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(frame.View, frame.Crops[0], crop);
        var evidence = new float[FacePack.Side * FacePack.Side];
        for (var i = 0; i < evidence.Length; i++) evidence[i] = 8 * MathF.Sin(i / 2000f);

        Overlay(crop, evidence);
        var painted = Frame(frame, crop, evidence);
        Encoding("crop", crop, FacePack.Side, FacePack.Side);
        Encoding("frame", painted.Rgb, painted.Width, painted.Height);
    }

    private static void Overlay(byte[] crop, float[] evidence)
    {
        var ours = HeatMapPainter.Overlay(crop, evidence);
        var theirs = Theirs();
        Comparison.Print("heat map over a crop", 1, () => HeatMapPainter.Overlay(crop, evidence), () => Theirs(), Comparison.Apart(ours.Zip(theirs, (a, b) => ((double)a, (double)b))));

        byte[] Theirs()
        {
            using var picture = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, crop);
            using var heat = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_32FC1, evidence);
            using Mat strength = new(), alpha = new(), rest = new(), green = new(), wide = new(), output = new();
            heat.ConvertTo(strength, MatType.CV_32FC1, 1 / 8.0);
            Cv2.Min(strength, 1, strength);
            Cv2.Max(strength, 0, strength);
            strength.ConvertTo(alpha, MatType.CV_32FC1, 0.65);
            alpha.ConvertTo(rest, MatType.CV_32FC1, -1, 1);
            strength.ConvertTo(green, MatType.CV_32FC1, -220, 220);
            picture.ConvertTo(wide, MatType.CV_32FC3);
            Cv2.Split(wide, out var channels);
            foreach (var channel in channels) Cv2.Multiply(channel, rest, channel);
            Cv2.ScaleAdd(alpha, 255, channels[0], channels[0]);
            Cv2.Multiply(green, alpha, green);
            Cv2.Add(channels[1], green, channels[1]);
            Cv2.Merge(channels, wide);
            wide.ConvertTo(output, MatType.CV_8UC3);
            foreach (var channel in channels) channel.Dispose();
            return output.AsSpan<byte>().ToArray();
        }
    }

    private static Picture Frame(CutFrame frame, byte[] crop, float[] evidence)
    {
        var geometry = frame.Crops[0];
        var placement = new CropPlacement(geometry.CentreX, geometry.CentreY, geometry.Side, geometry.Angle);
        using var source = Mat.FromPixelData(frame.Height, frame.Width, MatType.CV_8UC3, frame.Pixels);
        using var thumbnail = new Mat();
        Cv2.Resize(source, thumbnail, new Size(320, 180), 0, 0, InterpolationFlags.Area);
        var small = new Picture(thumbnail.AsSpan<byte>().ToArray(), 320, 180);
        var painted = FramePainter.Paint(small, frame.Width, frame.Height, placement, crop, evidence);
        using var theirs = new Mat();
        Theirs();
        Comparison.Print($"overlay: a frame of {painted.Width} x {painted.Height} with its face", 1,
            () => FramePainter.Paint(small, frame.Width, frame.Height, placement, crop, evidence), Theirs,
            Comparison.Apart(painted.Rgb.Zip(theirs.AsSpan<byte>().ToArray(), (a, b) => ((double)a, (double)b))));
        return painted;

        void Theirs()
        {
            Cv2.Resize(thumbnail, theirs, new Size(painted.Width, painted.Height), 0, 0, InterpolationFlags.Linear);
            using var pasted = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, HeatMapPainter.Overlay(crop, evidence));
            var shrink = frame.Width / (double)painted.Width;
            double scale = geometry.Side / FacePack.Side / shrink, cos = Math.Cos(geometry.Angle) * scale, sin = Math.Sin(geometry.Angle) * scale, middle = FacePack.Side / 2.0 - 0.5;
            double[] matrix =
            [
                cos, -sin, geometry.CentreX / shrink - 0.5 - middle * (cos - sin),
                sin, cos, geometry.CentreY / shrink - 0.5 - middle * (sin + cos),
            ];
            using var toFrame = Mat.FromPixelData(2, 3, MatType.CV_64FC1, matrix);
            Cv2.WarpAffine(pasted, theirs, toFrame, new Size(painted.Width, painted.Height), InterpolationFlags.Linear, BorderTypes.Transparent);
            Point2d At(double x, double y) => new(matrix[0] * x + matrix[1] * y + matrix[2], matrix[3] * x + matrix[4] * y + matrix[5]);
            const double Low = FacePack.Side / 2.0 * (1 - 1 / FacePack.Margin), High = FacePack.Side - Low;
            var corners = new[] { At(Low, Low), At(High, Low), At(High, High), At(Low, High) }.Select(p => new Point((int)Math.Round(p.X), (int)Math.Round(p.Y))).ToArray();
            Cv2.Polylines(theirs, [corners], true, Scalar.All(40), 4, LineTypes.Link8);
            Cv2.Polylines(theirs, [corners], true, Scalar.All(255), 2, LineTypes.Link8);
        }
    }

    private static void Encoding(string what, byte[] rgb, int width, int height)
    {
        using var picture = Mat.FromPixelData(height, width, MatType.CV_8UC3, rgb);
        using var bgr = new Mat();
        var ours = PngEncoder.Encode(rgb, width, height);
        foreach (var (name, extension, parameters) in new (string, string, ImageEncodingParam[])[]
        {
            ("PNG", ".png", []),
            ("PNG level 1", ".png", [new ImageEncodingParam(ImwriteFlags.PngCompression, 1)]),
            ("JPEG 90", ".jpg", [new ImageEncodingParam(ImwriteFlags.JpegQuality, 90)]),
            ("WebP 90", ".webp", [new ImageEncodingParam(ImwriteFlags.WebPQuality, 90)]),
            ("WebP lossless", ".webp", [new ImageEncodingParam(ImwriteFlags.WebPQuality, 101)]),
        })
        {
            byte[] Theirs()
            {
                Cv2.CvtColor(picture, bgr, ColorConversionCodes.RGB2BGR);
                Cv2.ImEncode(extension, bgr, out var bytes, parameters);
                return bytes;
            }

            Comparison.Print($"{what} of {width} x {height}: our PNG / {name}", 1, () => PngEncoder.Encode(rgb, width, height), () => Theirs(), $"{ours.Length:N0} / {Theirs().Length:N0} bytes");
        }
    }
}
