using Microsoft.Extensions.Logging;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Where networks are to run.</summary>
/// <param name="Provider">The device.</param>
/// <param name="GpuMissing">Why it is the CPU although a GPU was asked for, or this build is one for GPUs; null where all is as wished.</param>
public sealed record ProviderChoice(IExecutionProvider Provider, string? GpuMissing);

/// <summary>Chooses where networks run.</summary>
public static partial class ExecutionProviders
{
    /// <summary>The provider that was asked for, or the CPU where it is missing.</summary>
    public static ProviderChoice Choose(InferenceOptions options, ILogger logger)
    {
        if (options.Device == Device.Cpu) return new ProviderChoice(new CpuExecutionProvider(), null);
        var cuda = new CudaExecutionProvider(options.GpuIndex, options.GpuMemoryMegabytes * 1024L * 1024, options.CudaPlugin);
        if (cuda.IsAvailable(out var reason)) return new ProviderChoice(cuda, null);
        // Whoever took the larger build wants to know that it is of no use.
        if (options.Device == Device.Auto && !cuda.IsBuiltIn) return new ProviderChoice(new CpuExecutionProvider(), null);
        Log.GpuMissing(logger, reason);
        return new ProviderChoice(new CpuExecutionProvider(), reason);
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Warning, "There is no CUDA here: {Reason}. Models run on the CPU.")]
        public static partial void GpuMissing(ILogger logger, string reason);
    }
}
