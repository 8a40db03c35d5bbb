namespace Deepfake.FrameService.Probing.Structure;

/// <summary>What a file's headers say, as far as they were read.</summary>
internal sealed record StructureFacts
{
    /// <summary>Nothing is known but that the file is whole.</summary>
    public static StructureFacts Whole { get; } = new();

    /// <summary>Width before rotation; 0 where the headers were not asked.</summary>
    public int Width { get; init; }

    /// <summary>Height before rotation; 0 where the headers were not asked.</summary>
    public int Height { get; init; }

    /// <summary>Pictures in a GIF or WebP; 0 elsewhere.</summary>
    public int Pictures { get; init; }

    /// <summary>Frames of an animated WebP; null elsewhere.</summary>
    public IReadOnlyList<WebpFrame>? WebpFrames { get; init; }
}

/// <summary>One frame of an animated WebP.</summary>
/// <param name="Offset">Where its chunks begin in the file.</param>
/// <param name="Length">Bytes of its chunks.</param>
/// <param name="X">Left edge on the canvas.</param>
/// <param name="Y">Top edge on the canvas.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Milliseconds">How long it is shown.</param>
/// <param name="Blend">Whether it is laid over the canvas; otherwise it replaces it.</param>
/// <param name="Dispose">Whether its rectangle is cleared before the next frame.</param>
internal sealed record WebpFrame(long Offset, int Length, int X, int Y, int Width, int Height, int Milliseconds, bool Blend, bool Dispose);
