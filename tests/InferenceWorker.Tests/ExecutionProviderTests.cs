using System.Text;
using Deepfake.InferenceWorker.Inference;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>Where networks run. What needs a card is in docs/gpu.md, as unproven.</summary>
public sealed class ExecutionProviderTests : IDisposable
{
    private readonly TestModels _models = new();

    /// <summary>Says nothing of itself and runs on the processor, as a provider does that can take no node.</summary>
    private sealed class Idle : IExecutionProvider
    {
        public string Name => "cuda";

        public RunShape Shape(int threads) => TestModels.Shape;

        public void Configure(SessionOptions options)
        {
        }
    }

    [Fact]
    public void A_model_names_what_ran_it_and_not_what_was_asked_for()
    {
        _models.Add("weighted_nchw");
        _models.Add("sequence_places", SequenceSessionTests.Sequence(4));
        using var ensemble = Ensemble.Load(_models.Path, new Idle(), TestModels.Shape, NullLogger.Instance, default);
        Assert.Empty(ensemble.Unavailable);
        Assert.Equal("cpu", Assert.Single(ensemble.Sessions).Provider);
        Assert.Equal("cpu", Assert.Single(ensemble.Sequences).Provider);
        Assert.Equal(["cpu"], ensemble.Providers);
    }

    [Fact]
    public void A_network_in_parts_is_named_by_the_larger_part()
    {
        var placement = NodePlacement.Parse(Encoding.UTF8.GetBytes("""
            [
            {"cat":"Session","name":"model_loading_from_saved_file","args":{}},
            {"cat":"Node","name":"conv1_kernel_time","args":{"op_name":"Conv","provider":"CUDAExecutionProvider"}},
            {"cat":"Node","name":"conv2_kernel_time","args":{"op_name":"Conv","provider":"CUDAExecutionProvider"}},
            {"cat":"Node","name":"conv2_kernel_time","args":{"op_name":"Conv","provider":"CUDAExecutionProvider"}},
            {"cat":"Node","name":"shape_kernel_time","args":{"op_name":"Shape","provider":"CPUExecutionProvider"}}
            ]
            """));
        Assert.Equal("cuda", placement.Main);
        Assert.Equal("2 nodes on cuda, 1 nodes on cpu", placement.ToString());
    }

    [Fact]
    public void A_profile_without_nodes_is_no_answer() => Assert.Throws<InvalidDataException>(() => NodePlacement.Parse("[]"u8.ToArray()));

    [Fact]
    public void The_memory_of_a_GPU_is_bounded_and_nothing_is_captured_or_tried_out()
    {
        var options = CudaExecutionProvider.Options(1, 512L * 1024 * 1024);
        Assert.Equal("1", options["device_id"]);
        Assert.Equal("536870912", options["gpu_mem_limit"]);
        Assert.Equal("kSameAsRequested", options["arena_extend_strategy"]);
        Assert.Equal("HEURISTIC", options["cudnn_conv_algo_search"]);
        Assert.Equal("0", options["enable_cuda_graph"]);
    }

    [Fact]
    public void The_CPU_needs_no_reason_where_it_was_asked_for() =>
        Assert.Null(ExecutionProviders.Choose(new InferenceOptions { Device = Device.Cpu }, NullLogger.Instance).GpuMissing);

    /// <summary>In a build for GPUs this holds only where there is a card; without one, the choice says what is missing.</summary>
    [Fact]
    public void What_is_chosen_is_either_the_GPU_or_the_CPU_with_a_reason()
    {
        var log = new ListLogger();
        var (provider, missing) = ExecutionProviders.Choose(new InferenceOptions { Device = Device.Cuda }, log);
        if (provider.Name == "cuda")
        {
            Assert.Null(missing);
            return;
        }

        Assert.False(string.IsNullOrWhiteSpace(missing));
        Assert.DoesNotContain('\n', missing);
        Assert.Contains(log.Warnings, line => line.Contains(missing, StringComparison.Ordinal));
    }

    public void Dispose() => _models.Dispose();
}
