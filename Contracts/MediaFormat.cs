namespace Deepfake.Contracts;

/// <summary>What a submitted medium is, seen by a person.</summary>
public enum MediaKind
{
    /// <summary>One still picture.</summary>
    Image,

    /// <summary>A short looped sequence of pictures without sound (GIF, animated WebP).</summary>
    Animation,

    /// <summary>A film.</summary>
    Video,
}

/// <summary>Container formats that the service accepts. Decided from magic numbers, never from the name.</summary>
public enum MediaFormat
{
    /// <summary>JPEG (JFIF or EXIF).</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>WebP, still or animated.</summary>
    Webp,

    /// <summary>GIF, still or animated.</summary>
    Gif,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>TIFF.</summary>
    Tiff,

    /// <summary>ISO base media (MP4, M4V).</summary>
    Mp4,

    /// <summary>QuickTime.</summary>
    Mov,

    /// <summary>RIFF AVI.</summary>
    Avi,

    /// <summary>Matroska.</summary>
    Mkv,

    /// <summary>WebM.</summary>
    Webm,
}

/// <summary>The queue family an analysis travels in.</summary>
public enum Lane
{
    /// <summary>A person waits for it.</summary>
    Interactive,

    /// <summary>Nobody waits; throughput counts.</summary>
    Batch,

    /// <summary>Scores of a running stream; late is worthless.</summary>
    Live,
}
