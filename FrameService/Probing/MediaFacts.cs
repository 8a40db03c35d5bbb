using Deepfake.Contracts;

namespace Deepfake.FrameService.Probing;

/// <summary>What probing found. Sizes are those of the container, before rotation.</summary>
public sealed record MediaFacts
{
    /// <summary>Container.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Image, animation or video.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Width in pixels before rotation.</summary>
    public required int Width { get; init; }

    /// <summary>Height in pixels before rotation.</summary>
    public required int Height { get; init; }

    /// <summary>Length in seconds; 0 where unknown or a still.</summary>
    public double Seconds { get; init; }

    /// <summary>Frames; 0 where unknown.</summary>
    public int Frames { get; init; }

    /// <summary>Frames per second; 0 where unknown or a still.</summary>
    public double FrameRate { get; init; }

    /// <summary>Codec as ffprobe names it.</summary>
    public required string Codec { get; init; }

    /// <summary>Headers of an animated WebP, which is split before it is decoded; null for everything else.</summary>
    internal Structure.StructureFacts? AnimatedWebp { get; init; }

    /// <summary>How a film is encoded; null for what is none.</summary>
    public EncodingFacts? Encoding { get; init; }

    /// <summary>Whether pixels may be transparent.</summary>
    public bool HasAlpha { get; init; }
}
