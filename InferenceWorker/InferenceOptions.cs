using System.ComponentModel.DataAnnotations;

namespace Deepfake.InferenceWorker;

/// <summary>Where to run networks.</summary>
public enum Device
{
    /// <summary>CUDA where it is there, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>CUDA; the CPU with a warning where it is missing.</summary>
    Cuda,
}

/// <summary>Numbers that networks are run in.</summary>
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>8-bit integers on the CPU, for models that have such a form; the others stay in floating point.</summary>
    Int8,
}

/// <summary>Configuration section <c>Inference</c>.</summary>
public sealed class InferenceOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Inference";

    /// <summary>Where to run; alias <c>DEVICE</c>.</summary>
    public Device Device { get; set; } = Device.Auto;

    /// <summary>Number of the GPU.</summary>
    [Range(0, 63)]
    public int GpuIndex { get; set; }

    /// <summary>GPU memory that each model may take for its activations, in MB; weights come on top.</summary>
    [Range(64, 1024 * 1024)]
    public int GpuMemoryMegabytes { get; set; } = 2048;

    /// <summary>
    /// Path of a CUDA provider built as an ONNX Runtime plugin library; empty to use the one of the standard GPU package.
    /// </summary>
    public string CudaPlugin { get; set; } = "";

    /// <summary>Processor threads for networks; 0 for one a processor.</summary>
    [Range(0, 256)]
    public int Threads { get; set; }

    /// <summary>
    /// Threads of one run on the CPU; 0 for 1. More shorten the time of a single face and cost throughput; runs side by side are
    /// <see cref="Threads"/> over this.
    /// </summary>
    [Range(0, 256)]
    public int ThreadsPerRun { get; set; }

    /// <summary>Name of a folder inside the models folder that has models and a fusion of its own, such as <c>fast</c>; empty for the models folder.</summary>
    public string Profile { get; set; } = "";

    /// <summary>Numbers to run in.</summary>
    public Precision Precision { get; set; } = Precision.Float32;

    /// <summary>Crops of one run at most; 0 for 1 on the CPU, where more only costs memory, and 64 on a GPU.</summary>
    [Range(0, 64)]
    public int MaxBatch { get; set; }

    /// <summary>How long a batch that is not full waits for messages that are on their way, in milliseconds.</summary>
    [Range(0, 1000)]
    public double MaxWaitMilliseconds { get; set; } = 4;

    /// <summary>
    /// How long no run of a network may end while work waits before the process counts as stuck, in seconds. Above what the slowest batch
    /// takes, and no longer than the bus waits for a message.
    /// </summary>
    [Range(1, 3600)]
    public int StallSeconds { get; set; } = 300;
}

/// <summary>Configuration section <c>Models</c>.</summary>
public sealed class ModelOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Models";

    /// <summary>
    /// Folder with one folder a model. Relative paths start beside the binaries; those of the alias <c>MODEL_PATH</c> in the current folder.
    /// </summary>
    [Required]
    public string Path { get; set; } = "models";

    /// <summary>How often the folder is looked at for changes, in seconds; 0 for never.</summary>
    [Range(0, 3600)]
    public int WatchSeconds { get; set; } = 5;
}
