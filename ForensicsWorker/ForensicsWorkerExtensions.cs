using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Consumers;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Bus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker;

/// <summary>Composes this service.</summary>
public static class ForensicsWorkerExtensions
{
    /// <summary>Adds the consumer of frame packs and the signals behind it.</summary>
    public static IHostApplicationBuilder AddForensics(this IHostApplicationBuilder builder)
    {
        foreach (var signal in SignalSuite.All) builder.Services.AddSingleton(signal);
        builder.Services.AddSingleton(provider => ManifestFile.Load(
            ManifestFile.Locate(builder.Configuration), provider.GetRequiredService<ILogger<SignalSuite>>()));
        builder.Services.AddSingleton<SignalSuite>();
        builder.Services.AddSingleton<MaterialReader>();
        builder.Services.AddPipelineConsumer<FramesExtractedConsumer>(FramesExtractedConsumer.Settings);
        return builder;
    }
}
