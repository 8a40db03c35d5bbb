using Deepfake.FrameService.Consumers;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Bus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.FrameService;

/// <summary>Composes FrameService.</summary>
public static class FrameServiceExtensions
{
    /// <summary>
    /// Adds the frame stage. The host brings <c>IObjectStore</c>, <c>IAnalysisStore</c> and the bus (<c>AddInfrastructure</c>,
    /// <c>AddPipelineBus</c>, or the embedded ones).
    /// </summary>
    public static IHostApplicationBuilder AddFrames(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<FrameServiceOptions>().BindConfiguration(FrameServiceOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(provider => FaceFinderFactory.Create(
            provider.GetRequiredService<IOptions<FrameServiceOptions>>().Value, provider.GetRequiredService<ILogger<FaceFinder>>()));
        services.AddSingleton<FrameStage>();
        services.AddHostedService<DetectorWarmUp>();
        services.AddHealthChecks().AddCheck<MediaToolsCheck>("media tools");
        var options = builder.Configuration.GetSection(FrameServiceOptions.Section).Get<FrameServiceOptions>() ?? new FrameServiceOptions();
        services.AddPipelineConsumer<MediaSubmittedConsumer>(MediaSubmittedConsumer.Settings(options));
        return builder;
    }
}
