using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>How every network is run.</summary>
internal static class SessionSettings
{
    /// <summary>Options for one network; the caller disposes them.</summary>
    public static SessionOptions Create(IExecutionProvider provider, RunShape shape)
    {
        var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = shape.ThreadsPerRun,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        // Threads that spin while they wait would take processor time from decoding beside them.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.set_denormal_as_zero", "1");
        provider.Configure(options);
        if (provider is not CpuExecutionProvider) NodePlacement.Prepare(options);
        return options;
    }
}
