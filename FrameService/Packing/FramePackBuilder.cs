using Deepfake.Contracts;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Extraction;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Packing;

/// <summary>
/// Collects thumbnails of all sampled frames and windows around the largest face of up to eight of them, spread over the medium.
/// Windows come from the decoded frame: where that is the source frame itself, pixel for pixel; where the frame was scaled down to be
/// decoded, <see cref="FaceWindow.Origin"/> is larger than the window's pixels by that factor.
/// </summary>
/// <param name="expected">Sampled frames to expect, ≥ 1.</param>
internal sealed class FramePackBuilder(int expected)
{
    /// <summary>Side of a window over the longer side of the face.</summary>
    private const float WindowMargin = 3;

    private readonly TriangleResampler _resampler = new();
    private readonly List<byte[]> _thumbnails = [];
    private readonly List<double> _seconds = [];
    private readonly List<FaceWindow> _windows = [];
    private readonly List<ByteTensor> _windowPixels = [];
    private float[] _row = [];
    private int _width, _height, _lastSlot = -1;

    /// <summary>Takes what is needed of a frame.</summary>
    public void Add(ExtractedFrame frame)
    {
        AddThumbnail(frame.Picture);
        var slot = Math.Min(frame.Number, expected - 1) * FramePack.MaxWindows / expected;
        if (frame.Faces.Count == 0 || slot == _lastSlot || _windows.Count == FramePack.MaxWindows) return;
        _lastSlot = slot;
        AddWindow(frame.Picture, frame.Faces[0]);
    }

    /// <summary>The pack.</summary>
    public FramePack Build()
    {
        var pixels = new byte[_thumbnails.Sum(thumbnail => thumbnail.Length)];
        for (int i = 0, at = 0; i < _thumbnails.Count; at += _thumbnails[i].Length, i++) _thumbnails[i].CopyTo(pixels, at);
        return new FramePack
        {
            Thumbnails = new ByteTensor("thumbnails", [_thumbnails.Count, _height, _width, 3], pixels),
            Seconds = _seconds,
            Windows = _windows,
            WindowPixels = _windowPixels,
        };
    }

    private void AddThumbnail(VideoFrame picture)
    {
        if (_thumbnails.Count == 0)
        {
            var factor = Math.Min(1f, (float)FramePack.ThumbnailSide / Math.Max(picture.Width, picture.Height));
            (_width, _height) = (Math.Max(1, (int)MathF.Round(picture.Width * factor)), Math.Max(1, (int)MathF.Round(picture.Height * factor)));
            _row = new float[_width * _height * 3];
        }

        _resampler.Resample(picture.View, 0, 0, picture.Width, picture.Height, _width, _height, _row);
        var thumbnail = new byte[_row.Length];
        for (var i = 0; i < thumbnail.Length; i++) thumbnail[i] = (byte)Math.Clamp(_row[i] + 0.5f, 0, 255);
        _thumbnails.Add(thumbnail);
        _seconds.Add(picture.Seconds);
    }

    private void AddWindow(VideoFrame picture, ExtractedFace face)
    {
        var (box, scale) = (face.Face.Box, picture.Scale);
        float centreX = (box.X + box.Width / 2) / scale, centreY = (box.Y + box.Height / 2) / scale;
        var side = (int)Math.Clamp(WindowMargin * face.Face.Size / scale, 16, FramePack.WindowSide);
        int width = Math.Min(side, picture.Width), height = Math.Min(side, picture.Height);
        int left = (int)Math.Clamp(centreX - width / 2f, 0, picture.Width - width), top = (int)Math.Clamp(centreY - height / 2f, 0, picture.Height - height);
        var pixels = new byte[width * height * 3];
        for (var y = 0; y < height; y++) picture.View.Row(top + y).Slice(left * 3, width * 3).CopyTo(pixels.AsSpan(y * width * 3));
        _windowPixels.Add(new ByteTensor($"window_{_windows.Count}", [height, width, 3], pixels));
        _windows.Add(new FaceWindow(
            picture.Seconds,
            face.Info.TrackId,
            new Box(box.X / scale - left, box.Y / scale - top, box.Width / scale, box.Height / scale),
            new Box(left * scale, top * scale, width * scale, height * scale)));
    }
}
