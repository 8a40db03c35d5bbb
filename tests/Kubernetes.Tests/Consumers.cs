using Deepfake.ForensicsWorker;
using Deepfake.FrameService;
using Deepfake.InferenceWorker;
using Deepfake.Infrastructure.Bus;
using Deepfake.ResultService;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Kubernetes.Tests;

/// <summary>What the code of a service says about its work on queues.</summary>
internal static class Consumers
{
    private static readonly Dictionary<string, Func<IHostApplicationBuilder, IHostApplicationBuilder>> Services = new(StringComparer.Ordinal)
    {
        ["frame-service"] = builder => builder.AddFrames(),
        ["inference-worker"] = builder => builder.AddInference(),
        ["forensics-worker"] = builder => builder.AddForensics(),
        ["result-service"] = builder => builder.AddResults(),
    };

    /// <summary>How a service runs its consumers under the settings of its workload; none where it has no consumer.</summary>
    public static IReadOnlyList<ConsumerSettings> Of(Workload workload)
    {
        if (!Services.TryGetValue(workload.Name, out var add)) return [];
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        foreach (var (name, value) in workload.Settings) builder.Configuration[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        var registered = add(builder).Services.Select(service => service.ImplementationInstance).OfType<ConsumerRegistration>();
        return [.. registered.Select(registration => registration.Settings)];
    }

    /// <summary>Names of the queues that a service takes work from.</summary>
    public static IEnumerable<string> Queues(Workload workload) => Of(workload).SelectMany(PipelineTopology.Queues).Select(binding => binding.Queue);
}
