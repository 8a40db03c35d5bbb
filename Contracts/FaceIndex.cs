namespace Deepfake.Contracts;

/// <summary>
/// What FrameService found, stored as JSON beside the packs. Times are media times in seconds, coordinates source pixels after
/// rotation.
/// </summary>
public sealed record FaceIndex
{
    /// <summary>Image, animation or video, as decoded.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Width in pixels after rotation.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels after rotation.</summary>
    public required int Height { get; init; }

    /// <summary>Length in seconds; null for an image.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Frames per second of the source; null for an image.</summary>
    public double? FrameRate { get; init; }

    /// <summary>Video or image codec as ffprobe names it.</summary>
    public string? Codec { get; init; }

    /// <summary>The detector that found the faces: <c>blazeface-256</c> or <c>blazeface-128</c> (fallback).</summary>
    public required string Detector { get; init; }

    /// <summary>Sampled frames by time.</summary>
    public required IReadOnlyList<IndexedFrame> Frames { get; init; }

    /// <summary>What a reader of the result should know.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>One sampled frame.</summary>
public sealed record IndexedFrame
{
    /// <summary>Media time in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Faces, largest first.</summary>
    public required IReadOnlyList<IndexedFace> Faces { get; init; }
}

/// <summary>One face in one sampled frame.</summary>
public sealed record IndexedFace
{
    /// <summary>Track, from 1.</summary>
    public required int TrackId { get; init; }

    /// <summary>Face pack that holds the crop.</summary>
    public required int Shard { get; init; }

    /// <summary>Row of the crop in its pack.</summary>
    public required int Row { get; init; }

    /// <summary>Detector's box.</summary>
    public required Box Box { get; init; }

    /// <summary>Landmarks as x, y pairs: right eye, left eye, nose tip, mouth centre, right ear, left ear (12 numbers).</summary>
    public required IReadOnlyList<float> Landmarks { get; init; }

    /// <summary>Detector's confidence, [0,1].</summary>
    public required float Confidence { get; init; }

    /// <summary>What can be said about the crop's quality.</summary>
    public required FaceQuality Quality { get; init; }
}

/// <summary>Measures of how much a crop can tell.</summary>
public sealed record FaceQuality
{
    /// <summary>Longer side of the box in source pixels.</summary>
    public required float SizePixels { get; init; }

    /// <summary>Variance of the Laplacian of the luma (0–255) of the face at 128 × 128; higher is sharper.</summary>
    public required float Sharpness { get; init; }

    /// <summary>Mean luma, 0–255.</summary>
    public required float Brightness { get; init; }

    /// <summary>Turn of the head, from −1 (full left profile) over 0 (frontal) to 1.</summary>
    public required float Yaw { get; init; }

    /// <summary>Tilt of the eye line in degrees.</summary>
    public required float Roll { get; init; }
}
