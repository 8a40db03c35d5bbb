using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>An NVIDIA GPU, through the standard GPU package or through a plugin library.</summary>
/// <param name="gpu">Number of the GPU.</param>
/// <param name="plugin">Path of the plugin library; empty for the standard package.</param>
public sealed class CudaExecutionProvider(int gpu, string plugin) : IExecutionProvider
{
    private const string Registration = "deepfake.cuda";
    private static readonly Lock Gate = new();
    private static bool _registered;

    /// <inheritdoc/>
    public string Name => "cuda";

    /// <summary>Two lanes: one prepares its crops while the other's run.</summary>
    public RunShape Shape(int threads) => new(2, 1, BatchBuckets.Largest, 1, Spread: false);

    /// <inheritdoc/>
    public void Configure(SessionOptions options)
    {
        if (plugin.Length > 0)
        {
            options.AppendExecutionProvider(OrtEnv.Instance(), [PluginDevice()], new Dictionary<string, string>());
            return;
        }

        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string>
        {
            ["device_id"] = gpu.ToString(),
            ["arena_extend_strategy"] = "kSameAsRequested",
            // Trying every kernel takes seconds a bucket; the heuristic's choice is close.
            ["cudnn_conv_algo_search"] = "HEURISTIC",
        });
        options.AppendExecutionProvider_CUDA(cuda);
    }

    /// <summary>Whether this machine can; why not otherwise.</summary>
    public bool IsAvailable(out string reason)
    {
        reason = "";
        if (plugin.Length == 0 && !OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
        {
            reason = "this build of ONNX Runtime has no CUDA provider";
            return false;
        }

        try
        {
            using var probe = new SessionOptions();
            Configure(probe);
            return true;
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidOperationException)
        {
            reason = e.Message;
            return false;
        }
    }

    private OrtEpDevice PluginDevice()
    {
        var environment = OrtEnv.Instance();
        lock (Gate)
        {
            if (!_registered) environment.RegisterExecutionProviderLibrary(Registration, plugin);
            _registered = true;
        }

        var devices = environment.GetEpDevices()
            .Where(device => device.HardwareDevice.Type == OrtHardwareDeviceType.GPU && device.EpName.Contains("CUDA", StringComparison.OrdinalIgnoreCase))
            .ToList();
        return gpu < devices.Count ? devices[gpu] : throw new InvalidOperationException($"the plugin sees {devices.Count} GPUs");
    }
}
