using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Hosting;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Infrastructure;

/// <summary>Composes the stores of a host: <see cref="IObjectStore"/>, <see cref="IAnalysisStore"/>, <see cref="IHistoryStore"/> and their health checks.</summary>
public static class InfrastructureExtensions
{
    /// <summary>S3, Redis and PostgreSQL from <c>ConnectionStrings</c>: <c>blobs</c>, <c>cache</c>, <c>history</c>.</summary>
    public static IHostApplicationBuilder AddInfrastructure(this IHostApplicationBuilder builder) =>
        throw new NotSupportedException("The production adapters land next; use AddEmbeddedInfrastructure.");

    /// <summary>Everything in one folder on disk, for a host that runs all services in its process.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="dataFolder">Created if it is not there. One process at a time uses it.</param>
    public static IHostApplicationBuilder AddEmbeddedInfrastructure(this IHostApplicationBuilder builder, string dataFolder)
    {
        var services = AddCommon(builder);
        services.AddSingleton(_ => new DataFolder(dataFolder));
        services.AddSingleton<IObjectStore>(provider => new FolderObjectStore(provider.GetRequiredService<DataFolder>().Path));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<JournalAnalysisStore>(provider, provider.GetRequiredService<DataFolder>().In("analyses.journal")));
        services.AddSingleton<IAnalysisStore>(provider => provider.GetRequiredService<JournalAnalysisStore>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<JournalHistoryStore>(provider, provider.GetRequiredService<DataFolder>().In("history.journal")));
        services.AddSingleton<IHistoryStore>(provider => provider.GetRequiredService<JournalHistoryStore>());
        services.AddSingleton<EmbeddedHealth>();
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedHealth>());
        services.AddHealthChecks().AddCheck<EmbeddedHealth>("journal");
        return builder;
    }

    private static IServiceCollection AddCommon(IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<AnalysisStoreOptions>().BindConfiguration("Analyses").ValidateDataAnnotations().ValidateOnStart();
        return builder.Services;
    }
}
