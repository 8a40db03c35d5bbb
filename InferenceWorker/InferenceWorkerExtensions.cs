using Deepfake.Contracts;
using Deepfake.InferenceWorker.Consumers;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Registry;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Description;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Outbound;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker;

/// <summary>Composes this service.</summary>
public static class InferenceWorkerExtensions
{
    /// <summary>Adds the consumer of face packs and the ensemble behind it.</summary>
    public static IHostApplicationBuilder AddInference(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<InferenceOptions>()
            .Bind(builder.Configuration.GetSection(InferenceOptions.Section))
            .Configure(options => options.Device = ReadDevice(builder.Configuration["DEVICE"]) ?? options.Device)
            .ValidateDataAnnotations()
            .ValidateOnStart();
        builder.Services.AddOptions<ModelOptions>()
            .Bind(builder.Configuration.GetSection(ModelOptions.Section))
            .Configure(options => options.Path = ModelsFolder.Of(builder.Configuration))
            .ValidateDataAnnotations()
            .Validate(
                options => builder.Configuration[ModelsFolder.ProfileSetting] is not { Length: > 0 } || Directory.Exists(options.Path),
                $"{ModelsFolder.ProfileSetting} names a profile that the models folder does not have.")
            .ValidateOnStart();
        builder.Services.AddSingleton<RunWatch>();
        builder.Services.AddSingleton<ScoringEngine>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ScoringEngine>());
        builder.Services.AddProblems();
        builder.Services.ConfigureHttpJsonOptions(json => DeepfakeJson.Apply(json.SerializerOptions));
        builder.Services.AddOpenApi(ModelEndpoints.Document, document =>
        {
            document.ShouldInclude = endpoint => endpoint.GroupName == ModelEndpoints.Document;
            document.DescribeKeys();
            document.DescribeAnswers();
        });
        builder.Services.AddOutbound();
        builder.Services.AddSingleton<NetworkDownload>();
        builder.Services.AddSingleton<ModelRegistry>();
        builder.Services.AddHostedService<ModelWatch>();
        builder.Services.AddHealthChecks().AddCheck<EnsembleHealthCheck>("models").AddCheck<RunLivenessCheck>("inference", tags: [ServiceDefaultsExtensions.LiveTag]);
        builder.Services.AddPipelineConsumer<FacesExtractedConsumer>(FacesExtractedConsumer.Settings);
        return builder;
    }

    /// <summary>The old systems' values: <c>cuda:0</c> and <c>gpu</c> mean CUDA.</summary>
    private static Device? ReadDevice(string? name) => name?.Trim().ToLowerInvariant() switch
    {
        null or "" => null,
        "gpu" => Device.Cuda,
        var cuda when cuda.StartsWith("cuda", StringComparison.Ordinal) => Device.Cuda,
        "cpu" => Device.Cpu,
        "auto" => Device.Auto,
        _ => throw new OptionsValidationException(nameof(InferenceOptions.Device), typeof(InferenceOptions), [$"DEVICE is '{name}', not auto, cpu or cuda."]),
    };
}
