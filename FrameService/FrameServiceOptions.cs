using System.ComponentModel.DataAnnotations;

namespace Deepfake.FrameService;

/// <summary>Settings of the frame service; section <c>Frames</c>.</summary>
public sealed class FrameServiceOptions
{
    /// <summary>Section of the configuration.</summary>
    public const string Section = "Frames";

    /// <summary>Frames sampled from a film.</summary>
    [Range(1, 256)]
    public int FramesPerVideo { get; set; } = 32;

    /// <summary>Frames of an animation at most; longer ones are sampled evenly.</summary>
    [Range(1, 512)]
    public int FramesPerAnimation { get; set; } = 64;

    /// <summary>Frames looked at for each one that is taken, where a film is decoded in one pass.</summary>
    [Range(1, 8)]
    public int CandidatesPerFrame { get; set; } = 3;

    /// <summary>Pixels × frames of a film up to which it is decoded in one pass; above it, key frames are jumped to.</summary>
    [Range(1e6, 1e13)]
    public double OnePassPixels { get; set; } = 6e9;

    /// <summary>Longer side of decoded frames of films and animations; larger ones are scaled down.</summary>
    [Range(256, 8192)]
    public int DecodeSide { get; set; } = 1920;

    /// <summary>Pixels of decoded stills; larger ones are scaled down.</summary>
    [Range(65_536, 100_000_000)]
    public long DecodePixels { get; set; } = 16_000_000;

    /// <summary>Pixels of a source frame at most; more is an error.</summary>
    [Range(65_536, 1_000_000_000)]
    public long MaxPixels { get; set; } = 100_000_000;

    /// <summary>Pixels of a film's frame at most; more is an error. A decoder holds several frames, and several decoders run at once.</summary>
    [Range(65_536, 1_000_000_000)]
    public long MaxFilmPixels { get; set; } = 8192 * 4320;

    /// <summary>Pixels of a film's frame times decoders of one ffmpeg that jumps; larger frames get fewer decoders. A decoder takes 8 to 32 bytes for each.</summary>
    [Range(65_536, 1_000_000_000)]
    public long JumpPixels { get; set; } = 8 * 3840 * 2160;

    /// <summary>Seconds of a film or animation at most; more is an error.</summary>
    [Range(1, 1_000_000)]
    public double MaxSeconds { get; set; } = 4 * 3600;

    /// <summary>Seconds all decoding of one medium may take.</summary>
    [Range(1, 3600)]
    public double DecodeSeconds { get; set; } = 120;

    /// <summary>Seconds ffprobe may take.</summary>
    [Range(0.1, 600)]
    public double ProbeSeconds { get; set; } = 20;

    /// <summary>Decoder threads of one ffmpeg.</summary>
    [Range(1, 64)]
    public int DecodeThreads { get; set; } = 2;

    /// <summary>Name or path of ffmpeg.</summary>
    [Required]
    public string Ffmpeg { get; set; } = "ffmpeg";

    /// <summary>Name or path of ffprobe.</summary>
    [Required]
    public string Ffprobe { get; set; } = "ffprobe";

    /// <summary>Primary face detector (BlazeFace 256, ONNX); relative paths start at the program's folder.</summary>
    [Required]
    public string PrimaryDetector { get; set; } = "detectors/blazeface-256.onnx";

    /// <summary>Fallback face detector (BlazeFace 128, ONNX).</summary>
    [Required]
    public string FallbackDetector { get; set; } = "detectors/blazeface-128.onnx";

    /// <summary>Threads inside one detector run.</summary>
    [Range(1, 64)]
    public int DetectorThreads { get; set; } = 1;

    /// <summary>Least detector score of a face.</summary>
    [Range(0.05, 0.99)]
    public float DetectorThreshold { get; set; } = 0.6f;

    /// <summary>Least side of a face in pixels of the decoded frame.</summary>
    [Range(4, 512)]
    public float MinimumFace { get; set; } = 16;

    /// <summary>Faces of one frame at most, the largest.</summary>
    [Range(1, 64)]
    public int FacesPerFrame { get; set; } = 8;

    /// <summary>Crops of one medium at most.</summary>
    [Range(1, 4096)]
    public int CropsPerMedium { get; set; } = 128;

    /// <summary>Crops in one face pack.</summary>
    [Range(1, 256)]
    public int CropsPerShard { get; set; } = 16;

    /// <summary>Media worked on at once by this process, per lane.</summary>
    [Range(1, 64)]
    public int Concurrency { get; set; } = 2;
}
