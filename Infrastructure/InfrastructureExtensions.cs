using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Hosting;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Infrastructure;

/// <summary>Composes the stores of a host: <see cref="IObjectStore"/>, <see cref="IAnalysisStore"/>, <see cref="IHistoryStore"/> and their health checks.</summary>
public static class InfrastructureExtensions
{
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

    /// <summary>
    /// The servers of production, from <c>ConnectionStrings:blobs</c> (S3 API), <c>ConnectionStrings:cache</c> (Redis) and
    /// <c>ConnectionStrings:history</c> (PostgreSQL). None of them has to be up yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">A connection string is missing.</exception>
    /// <exception cref="FormatException">The one of the object store is not understood.</exception>
    public static IHostApplicationBuilder AddInfrastructure(this IHostApplicationBuilder builder)
    {
        var blobs = S3ConnectionString.Parse(ConnectionString(builder, "blobs", "Endpoint=http://host:9000;AccessKey=…;SecretKey=…;Bucket=deepfake"));
        var cache = ConnectionString(builder, "cache", "host:6379,password=…");
        var history = ConnectionString(builder, "history", "Host=…;Username=…;Password=…;Database=…");
        var services = AddCommon(builder);
        // Several processes may share a machine: each has its own folder for downloads.
        var downloads = Path.Combine(Path.GetTempPath(), $"deepfake-{builder.Environment.ApplicationName}-{Environment.ProcessId}");
        services.AddSingleton(_ => new S3ObjectStore(blobs, downloads));
        services.AddSingleton<IObjectStore>(provider => provider.GetRequiredService<S3ObjectStore>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisAnalysisStore>(provider, cache));
        services.AddSingleton<IAnalysisStore>(provider => provider.GetRequiredService<RedisAnalysisStore>());
        services.AddSingleton(_ => new PostgresHistoryStore(history));
        services.AddSingleton<IHistoryStore>(provider => provider.GetRequiredService<PostgresHistoryStore>());
        services.AddHealthChecks()
            .Add(Ping<S3ObjectStore>("blobs", store => store.PingAsync))
            .Add(Ping<RedisAnalysisStore>("cache", store => store.PingAsync))
            .Add(Ping<PostgresHistoryStore>("history", store => store.PingAsync));
        return builder;
    }

    private static HealthCheckRegistration Ping<T>(string name, Func<T, Func<CancellationToken, Task>> ping)
        where T : notnull => new(name, provider => new StoreHealth(ping(provider.GetRequiredService<T>())), failureStatus: null, tags: null);

    private static string ConnectionString(IHostApplicationBuilder builder, string name, string form) =>
        builder.Configuration.GetConnectionString(name) ?? throw new InvalidOperationException($"ConnectionStrings:{name} is missing: {form}");

    private static IServiceCollection AddCommon(IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<AnalysisStoreOptions>().BindConfiguration("Analyses").ValidateDataAnnotations().ValidateOnStart();
        return builder.Services;
    }
}
