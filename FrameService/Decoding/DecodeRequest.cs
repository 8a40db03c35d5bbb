namespace Deepfake.FrameService.Decoding;

/// <summary>What to decode and how much of it at most.</summary>
internal sealed record DecodeRequest
{
    /// <summary>File to read; null: pictures come through stdin, one behind the other.</summary>
    public string? Path { get; init; }

    /// <summary>ffmpeg's demuxer, e.g. <c>mov</c>, <c>jpeg_pipe</c>. Never left to probing.</summary>
    public required string Demuxer { get; init; }

    /// <summary>Expression of ffmpeg's <c>select</c> filter; null takes every frame.</summary>
    public string? Select { get; init; }

    /// <summary>Where to jump, in seconds; one frame each is taken: the key frame at or before it. Empty: no jumps, one pass.</summary>
    public IReadOnlyList<double> Seeks { get; init; } = [];

    /// <summary>
    /// Leaves out frames that no other frame builds on, where the codec has such: decoding a film for a few of its frames costs 40 %
    /// less then, and each lies at most a few frames later.
    /// </summary>
    public bool ReferenceFramesOnly { get; init; }

    /// <summary>Whether the pictures have an alpha channel, to be laid over black.</summary>
    public bool HasAlpha { get; init; }

    /// <summary>Longer side of the decoded frames at most; larger ones are scaled down.</summary>
    public required int MaxSide { get; init; }

    /// <summary>Pixels of the decoded frames at most; larger ones are scaled down.</summary>
    public required long MaxPixels { get; init; }

    /// <summary>Pixels of a source frame at most; a larger one is not decoded.</summary>
    public required long SourcePixels { get; init; }

    /// <summary>Frames to deliver at most.</summary>
    public required int MaxFrames { get; init; }

    /// <summary>How long the child may run.</summary>
    public required TimeSpan Limit { get; init; }
}
