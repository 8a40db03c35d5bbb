using Microsoft.Extensions.Logging;
namespace Deepfake.InferenceWorker.Inference;

/// <summary>Chooses where networks run.</summary>
public static partial class ExecutionProviders
{
    /// <summary>The provider that was asked for, or the CPU where it is missing.</summary>
    public static IExecutionProvider Choose(InferenceOptions options, ILogger logger)
    {
        if (options.Device != Device.Cpu)
        {
            var cuda = new CudaExecutionProvider(options.GpuIndex, options.CudaPlugin);
            if (cuda.IsAvailable(out var reason)) return cuda;
            if (options.Device == Device.Cuda) Log.GpuMissing(logger, reason);
            else Log.GpuNotFound(logger, reason);
        }

        return new CpuExecutionProvider();
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Warning, "CUDA was asked for and is missing: {Reason}. Models run on the CPU.")]
        public static partial void GpuMissing(ILogger logger, string reason);

        [LoggerMessage(3002, LogLevel.Debug, "No CUDA here: {Reason}.")]
        public static partial void GpuNotFound(ILogger logger, string reason);
    }
}
