using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>An NVIDIA GPU, through the standard GPU package or through a plugin library.</summary>
/// <param name="gpu">Number of the GPU.</param>
/// <param name="memory">Bytes that the arena of each session may take.</param>
/// <param name="plugin">Path of the plugin library; empty for the standard package.</param>
public sealed class CudaExecutionProvider(int gpu, long memory, string plugin) : IExecutionProvider
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
        cuda.UpdateOptions(Options(gpu, memory));
        options.AppendExecutionProvider_CUDA(cuda);
    }

    /// <summary>Settings of the standard package's provider.</summary>
    internal static Dictionary<string, string> Options(int gpu, long memory) => new()
    {
        ["device_id"] = gpu.ToString(CultureInfo.InvariantCulture),
        // Not twice what is asked for, as is the default: sessions share the card with each other and with other processes.
        ["arena_extend_strategy"] = "kSameAsRequested",
        ["gpu_mem_limit"] = memory.ToString(CultureInfo.InvariantCulture),
        // Trying every kernel takes seconds a bucket; the heuristic's choice is close.
        ["cudnn_conv_algo_search"] = "HEURISTIC",
        // A captured graph belongs to one thread and one shape; lanes have several.
        ["enable_cuda_graph"] = "0",
    };

    /// <summary>Whether the runtime in this process has a CUDA provider to try.</summary>
    public bool IsBuiltIn => plugin.Length > 0 || OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider");

    /// <summary>Whether this machine can; why not otherwise.</summary>
    public bool IsAvailable(out string reason)
    {
        reason = "";
        if (!IsBuiltIn)
        {
            reason = "this build of ONNX Runtime has no CUDA provider (build with -p:Gpu=true)";
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
            reason = FirstLine(e.Message);
            return false;
        }
    }

    // The runtime adds where in its sources it gave up, and a page of advice.
    private static string FirstLine(string message) => message.Split('\n', 2)[0].Trim();

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
