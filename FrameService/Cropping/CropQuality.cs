using System.Collections.Concurrent;
using Deepfake.Contracts;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;
using OpenCvSharp;

namespace Deepfake.FrameService.Cropping;

/// <summary>Measures how much a crop can tell.</summary>
public static class CropQuality
{
    private const int Side = 128;

    /// <summary>Nose tip before the ear axis over half the ear distance, of an average head: turns an offset into an angle.</summary>
    private const float NoseDepth = 1.4f;

    private static readonly ConcurrentBag<Workspace> Idle = [];

    /// <summary>Measures a crop.</summary>
    /// <param name="crop"><see cref="FacePack.CropBytes"/> bytes of RGB.</param>
    /// <param name="face">The face in source pixels.</param>
    public static FaceQuality Measure(ReadOnlySpan<byte> crop, DetectedFace face)
    {
        if (crop.Length != FacePack.CropBytes) throw new ArgumentException($"A crop has {FacePack.CropBytes} bytes, not {crop.Length}.", nameof(crop));
        var work = Idle.TryTake(out var idle) ? idle : new Workspace();
        var (brightness, sharpness) = work.Look(crop);
        Idle.Add(work);
        return new FaceQuality
        {
            SizePixels = face.Size,
            Sharpness = sharpness,
            Brightness = brightness,
            Yaw = Yaw(face),
            Roll = face.EyeAngle * 180 / MathF.PI,
        };
    }

    /// <summary>
    /// Turn of the head in [−1, 1]: the angle at which the nose stands beside the middle of the ears, over 90°. Negative when the nose
    /// points to the left edge of the (levelled) picture.
    /// </summary>
    public static float Yaw(DetectedFace face)
    {
        var at = face.Landmarks;
        var (sin, cos) = MathF.SinCos(face.EyeAngle);
        float Across(int i) => cos * at[i] + sin * at[i + 1];
        float right = Across(8), left = Across(10), nose = Across(4);
        var half = Math.Max((left - right) / 2, 1e-3f * face.Size);
        return Math.Clamp(MathF.Atan((nose - (left + right) / 2) / half / NoseDepth) / (MathF.PI / 2), -1, 1);
    }

    /// <summary>What is kept between crops: the face at every step from colour to edges.</summary>
    private sealed class Workspace : IDisposable
    {
        private const int Face = (int)(FacePack.Side / FacePack.Margin + 0.5f), First = (FacePack.Side - Face) / 2;
        private static readonly Rect Middle = new(First, First, Face, Face);
        private readonly Mat _colour, _luma, _small, _edges, _inner;

        public Workspace()
        {
            OpenCvLibrary.Load();
            _colour = new Mat(Face, Face, MatType.CV_32FC3);
            _luma = new Mat(Face, Face, MatType.CV_32FC1);
            _small = new Mat(Side, Side, MatType.CV_32FC1);
            _edges = new Mat(Side, Side, MatType.CV_32FC1);
            _inner = _edges[new Rect(1, 1, Side - 2, Side - 2)];
        }

        /// <summary>Luma (BT.601) of the face itself, the crop's middle 1/margin, at 128 × 128: its mean, and the variance of its Laplacian.</summary>
        public unsafe (float Brightness, float Sharpness) Look(ReadOnlySpan<byte> pixels)
        {
            fixed (byte* source = pixels)
            {
                using var crop = Mat.FromPixelData(FacePack.Side, FacePack.Side, MatType.CV_8UC3, (nint)source);
                using var face = crop[Middle];
                face.ConvertTo(_colour, MatType.CV_32FC3);
            }

            Cv2.CvtColor(_colour, _luma, ColorConversionCodes.RGB2GRAY);
            Cv2.Resize(_luma, _small, new Size(Side, Side), 0, 0, InterpolationFlags.Linear);
            Cv2.Laplacian(_small, _edges, MatType.CV_32FC1);
            // Without the rim, whose neighbours are made up.
            Cv2.MeanStdDev(_inner, out _, out var deviation);
            return ((float)Cv2.Mean(_small).Val0, (float)(deviation.Val0 * deviation.Val0));
        }

        public void Dispose()
        {
            foreach (var mat in new[] { _inner, _edges, _small, _luma, _colour }) mat.Dispose();
        }
    }
}
