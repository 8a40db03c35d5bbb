using System.Collections.Concurrent;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;
using OpenCvSharp;

namespace Deepfake.FrameService.Cropping;

/// <summary>
/// Cuts aligned crops with OpenCV. Shrinking is antialiased: whole-number factors by averaging blocks, the rest by four bilinear samples a
/// pixel. What lies outside the picture repeats its edge. Samples lie on a grid of 1/32 pixel, so that a crop differs from exact
/// sampling by one grey level, at the hardest edges by two.
/// </summary>
public static class FaceCropper
{
    private const InterpolationFlags FromCrop = InterpolationFlags.Linear | InterpolationFlags.WarpInverseMap;

    // Intermediate pictures are kept between crops: as many as there are threads that crop at once.
    private static readonly ConcurrentBag<Workspace> Idle = [];

    /// <summary>Writes one crop, <see cref="FacePack.CropBytes"/> bytes of RGB.</summary>
    /// <exception cref="InvalidOperationException">OpenCV cannot be loaded.</exception>
    public static unsafe void Crop(RgbView picture, CropGeometry geometry, Span<byte> target)
    {
        if (target.Length != FacePack.CropBytes) throw new ArgumentException($"A crop has {FacePack.CropBytes} bytes, not {target.Length}.", nameof(target));
        var work = Idle.TryTake(out var idle) ? idle : new Workspace();
        fixed (byte* pixels = picture.Pixels, crop = target)
        {
            using var from = Mat.FromPixelData(picture.Height, picture.Width, MatType.CV_8UC3, (nint)pixels);
            using var to = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, (nint)crop);
            if (geometry.Scale > 1) work.Shrink(from, geometry, to);
            else work.Enlarge(from, geometry, to);
        }

        Idle.Add(work);
    }

    private sealed class Workspace : IDisposable
    {
        /// <summary>Pixels or blocks of them under a crop along a side at most: less than two a crop pixel, turned by 45 degrees, and the rim.</summary>
        private const int Most = 732;

        /// <summary>Parts of a grey level in which samples are kept until they are averaged: rounding them first would brighten the crop by an eighth of a level.</summary>
        private const int Fine = 256;

        private readonly Mat _matrix, _fine, _samples, _means;
        private Mat? _blocks;

        public Workspace()
        {
            OpenCvLibrary.Load();
            _matrix = new Mat(2, 3, MatType.CV_64FC1);
            _fine = new Mat(Most, Most, MatType.CV_16UC3);
            _samples = new Mat(2 * FacePack.Side, 2 * FacePack.Side, MatType.CV_16UC3);
            _means = new Mat(FacePack.Side, FacePack.Side, MatType.CV_16UC3);
        }

        /// <summary>One sample a crop pixel.</summary>
        public void Enlarge(Mat picture, CropGeometry geometry, Mat crop) => Sample(picture, geometry, FacePack.Side, crop);

        /// <summary>Blocks of picture pixels where whole ones fit into a crop pixel, and the mean of four samples.</summary>
        public void Shrink(Mat picture, CropGeometry geometry, Mat crop)
        {
            // The bounding square of the turned crop and a rim for the filter.
            var factor = (int)geometry.Scale;
            var reach = geometry.Side * (MathF.Abs(MathF.Cos(geometry.Angle)) + MathF.Abs(MathF.Sin(geometry.Angle))) / 2 + 2 * factor;
            int left = (int)Math.Clamp(geometry.CentreX - reach, 0, picture.Width - 1), top = (int)Math.Clamp(geometry.CentreY - reach, 0, picture.Height - 1);
            int right = (int)Math.Clamp(geometry.CentreX + reach, left + 1, picture.Width), bottom = (int)Math.Clamp(geometry.CentreY + reach, top + 1, picture.Height);
            using var part = picture[new Rect(left, top, right - left, bottom - top)];
            using var blocks = factor == 1 ? part.SubMat(0, part.Rows, 0, part.Cols) : Average(part, factor);
            using var fine = _fine[new Rect(0, 0, blocks.Width, blocks.Height)];
            blocks.ConvertTo(fine, MatType.CV_16UC3, Fine);
            Sample(fine, new CropGeometry((geometry.CentreX - left) / factor, (geometry.CentreY - top) / factor, geometry.Side / factor, geometry.Angle), 2 * FacePack.Side, _samples);
            Cv2.Resize(_samples, _means, new Size(FacePack.Side, FacePack.Side), 0, 0, InterpolationFlags.Area);
            _means.ConvertTo(crop, MatType.CV_8UC3, 1.0 / Fine);
        }

        public void Dispose()
        {
            foreach (var mat in new[] { _matrix, _fine, _samples, _means, _blocks }) mat?.Dispose();
        }

        /// <summary>Averages whole blocks; what is left of them at the right and at the bottom is averaged by itself.</summary>
        private Mat Average(Mat part, int factor)
        {
            _blocks ??= new Mat(Most, Most, MatType.CV_8UC3);
            var (columns, lastColumn) = Math.DivRem(part.Width, factor);
            var (rows, lastRow) = Math.DivRem(part.Height, factor);
            int edgeX = columns * factor, edgeY = rows * factor;
            Average(part, new Rect(0, 0, edgeX, edgeY), new Rect(0, 0, columns, rows));
            Average(part, new Rect(edgeX, 0, lastColumn, edgeY), new Rect(columns, 0, 1, rows));
            Average(part, new Rect(0, edgeY, edgeX, lastRow), new Rect(0, rows, columns, 1));
            Average(part, new Rect(edgeX, edgeY, lastColumn, lastRow), new Rect(columns, rows, 1, 1));
            return _blocks[new Rect(0, 0, columns + Math.Sign(lastColumn), rows + Math.Sign(lastRow))];
        }

        private void Average(Mat part, Rect pixels, Rect place)
        {
            if (pixels.Width == 0 || pixels.Height == 0) return;
            using Mat from = part[pixels], to = _blocks![place];
            Cv2.Resize(from, to, place.Size, 0, 0, InterpolationFlags.Area);
        }

        /// <summary>Samples a square of side · side points, spread evenly over the crop.</summary>
        private void Sample(Mat picture, CropGeometry geometry, int side, Mat samples)
        {
            var (sin, cos) = Math.SinCos(geometry.Angle);
            double step = (double)geometry.Side / side, middle = (side - 1) / 2.0;
            var matrix = _matrix.AsSpan<double>();
            (matrix[0], matrix[1], matrix[2]) = (cos * step, -sin * step, geometry.CentreX - 0.5 - middle * step * (cos - sin));
            (matrix[3], matrix[4], matrix[5]) = (sin * step, cos * step, geometry.CentreY - 0.5 - middle * step * (sin + cos));
            Cv2.WarpAffine(picture, samples, _matrix, new Size(side, side), FromCrop, BorderTypes.Replicate);
        }
    }
}
