using System.Runtime.CompilerServices;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Sampling;
using Deepfake.FrameService.Tracking;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Extraction;

/// <summary>A face of a sampled frame with its crop.</summary>
/// <param name="Face">The face in source pixels.</param>
/// <param name="Info">What the pack says of the crop.</param>
/// <param name="Crop"><see cref="FacePack.CropBytes"/> bytes; valid until the next frame is asked for.</param>
/// <param name="Native">Pixels of the native square; valid as long.</param>
internal sealed record ExtractedFace(DetectedFace Face, CropInfo Info, ReadOnlyMemory<byte> Crop, ReadOnlyMemory<byte> Native);

/// <summary>Memory for the pixels of one face, used again for the next frame.</summary>
internal sealed class FaceBuffers
{
    private byte[] _native = [];

    /// <summary><see cref="FacePack.CropBytes"/> bytes.</summary>
    public Memory<byte> Crop { get; } = new byte[FacePack.CropBytes];

    /// <summary>Room for a native square of so many bytes.</summary>
    public Memory<byte> Native(int bytes)
    {
        if (_native.Length < bytes) _native = new byte[bytes];
        return _native.AsMemory(0, bytes);
    }
}

/// <summary>One sampled frame with its faces, largest first. The picture is valid until the next frame is asked for.</summary>
internal sealed record ExtractedFrame(int Number, VideoFrame Picture, IReadOnlyList<ExtractedFace> Faces);

/// <summary>From sampled frames to tracked, aligned, measured crops. The same for serving and for training.</summary>
internal sealed class FaceExtractor(FaceFinder finder, FrameServiceOptions options)
{
    /// <summary>Works through frames in order of time; disposes them.</summary>
    /// <param name="frames">Sampled frames.</param>
    /// <param name="plan">How many frames to expect, to share out the budget of crops.</param>
    /// <param name="clock">Adds up where the time goes.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async IAsyncEnumerable<ExtractedFrame> ExtractAsync(
        IAsyncEnumerable<SampledFrame> frames, SamplePlan plan, StageClock clock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var tracker = new FaceTracker();
        var buffers = new List<FaceBuffers>();
        int number = 0, left = options.CropsPerMedium;
        await foreach (var sampled in frames.WithCancellation(cancellationToken))
        {
            using var picture = sampled.Frame;
            IReadOnlyList<DetectedFace> faces;
            using (clock.Measure("detect"))
                faces = finder.Find(picture.View, plan.Mode == SampleMode.Still ? SearchEffort.Thorough : SearchEffort.Quick);

            // What earlier frames did not use up is there for later ones.
            var share = Math.Max(1, left / Math.Max(1, plan.Frames - number));
            var taken = faces.Take(Math.Min(Math.Min(options.FacesPerFrame, share), left)).ToList();
            while (buffers.Count < taken.Count) buffers.Add(new FaceBuffers());
            left -= taken.Count;
            var extracted = new ExtractedFace[taken.Count];
            using (clock.Measure("crop"))
            {
                var source = taken.ConvertAll(face => face.Scale(picture.Scale));
                var tracks = tracker.Assign(source, sampled.AfterCut);
                for (var i = 0; i < taken.Count; i++)
                    extracted[i] = Extract(picture, taken[i], source[i], tracks[i], buffers[i]);
            }

            clock.Faces += extracted.Length;
            clock.Frames++;
            yield return new ExtractedFrame(number++, picture, extracted);
        }
    }

    /// <summary>Cuts and measures one face.</summary>
    /// <param name="picture">The decoded frame.</param>
    /// <param name="face">The face in its pixels.</param>
    /// <param name="source">The face in source pixels.</param>
    /// <param name="track">Its track.</param>
    /// <param name="buffers">Where the pixels go.</param>
    public static ExtractedFace Extract(VideoFrame picture, DetectedFace face, DetectedFace source, int track, FaceBuffers buffers)
    {
        var geometry = CropGeometry.Of(face);
        var crop = buffers.Crop;
        FaceCropper.Crop(picture.View, geometry, crop.Span);
        var square = NativeSquare.Of(face, picture.Width, picture.Height);
        var native = buffers.Native(square.Bytes);
        square.Copy(picture.View, native.Span);
        var info = new CropInfo
        {
            Seconds = picture.Seconds,
            TrackId = track,
            Box = source.Box,
            Landmarks = geometry.ToCrop(face.Landmarks),
            Quality = CropQuality.Measure(crop.Span, source),
            Native = new NativeInfo(square.Side, square.Inside(face.Landmarks)),
        };
        return new ExtractedFace(source, info, crop, native);
    }
}
