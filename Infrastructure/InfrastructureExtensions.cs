using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Hosting;
using Deepfake.Infrastructure.Limits;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Infrastructure;

/// <summary>Composes the stores of a host: <see cref="IObjectStore"/>, <see cref="IAnalysisStore"/>, <see cref="IHistoryStore"/>, <see cref="IDocumentStore{T}"/> and their health checks.</summary>
public static class InfrastructureExtensions
{
    /// <summary>Everything in one folder on disk, for a host that runs all services in its process.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="dataFolder">Created if it is not there. One process at a time uses it.</param>
    public static IHostApplicationBuilder AddEmbeddedInfrastructure(this IHostApplicationBuilder builder, string dataFolder)
    {
        var services = AddCommon(builder);
        services.AddSingleton(_ => new DataFolder(dataFolder));
        services.AddSingleton(provider => new FolderObjectStore(provider.GetRequiredService<DataFolder>().Path));
        services.AddSingleton<IObjectStore>(provider => provider.GetRequiredService<FolderObjectStore>());
        services.AddSingleton<IUploadStore>(provider => provider.GetRequiredService<FolderObjectStore>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<JournalAnalysisStore>(provider, provider.GetRequiredService<DataFolder>().In("analyses.journal")));
        services.AddSingleton<IAnalysisStore>(provider => provider.GetRequiredService<JournalAnalysisStore>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<JournalHistoryStore>(provider, provider.GetRequiredService<DataFolder>().In("history.journal")));
        services.AddSingleton<IHistoryStore>(provider => provider.GetRequiredService<JournalHistoryStore>());
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DocumentJournal>(provider, provider.GetRequiredService<DataFolder>().In("documents.journal")));
        services.AddSingleton(typeof(IDocumentStore<>), typeof(JournalDocumentStore<>));
        services.AddSingleton<ILimiter, LocalLimiter>();
        services.AddSingleton<EmbeddedHealth>();
        services.AddHostedService(provider => provider.GetRequiredService<EmbeddedHealth>());
        services.AddHealthChecks().AddCheck<EmbeddedHealth>("journal");
        return builder;
    }

    /// <summary>
    /// The servers of production, from <c>ConnectionStrings:blobs</c> (S3 API), <c>ConnectionStrings:cache</c> (Redis) and
    /// <c>ConnectionStrings:history</c> (PostgreSQL). None of them has to be up yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">A connection string is missing or malformed; the message names it and shows the form.</exception>
    public static IHostApplicationBuilder AddInfrastructure(this IHostApplicationBuilder builder)
    {
        var blobs = S3ConnectionString.Parse(ConnectionString(builder, "blobs", "Endpoint=http://host:9000;AccessKey=…;SecretKey=…;Bucket=deepfake"));
        var cache = CacheConnectionString(builder);
        var history = HistoryConnectionString(builder);
        var services = AddCommon(builder);
        AddServer<IObjectStore, S3ObjectStore>(services, "blobs", blobs);
        services.AddSingleton<IUploadStore>(provider => provider.GetRequiredService<S3ObjectStore>());
        services.AddSingleton<IDirectPut>(provider => provider.GetRequiredService<S3ObjectStore>());
        AddServer<IAnalysisStore, RedisAnalysisStore>(services, "cache", cache);
        AddServer<IHistoryStore, PostgresHistoryStore>(services, "history", history);
        AddDocuments(services, history);
        services.AddHostedService<Preparation>();
        return builder;
    }

    /// <summary>
    /// What a gateway needs: <see cref="IDocumentStore{T}"/> from <c>ConnectionStrings:history</c> (PostgreSQL) and <see cref="ILimiter"/>
    /// from <c>ConnectionStrings:cache</c> (Redis). Neither has to be up yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">A connection string is missing; the message names it and shows the form.</exception>
    public static IHostApplicationBuilder AddGatewayInfrastructure(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        var cache = CacheConnectionString(builder);
        AddDocuments(builder.Services, HistoryConnectionString(builder));
        // No health check: without it a gateway goes on, and says so.
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisLimiter>(provider, cache));
        builder.Services.AddSingleton<ILimiter>(provider => provider.GetRequiredService<RedisLimiter>());
        builder.Services.AddSingleton<IPrepared>(provider => provider.GetRequiredService<RedisLimiter>());
        builder.Services.AddHostedService<Preparation>();
        return builder;
    }

    private static void AddDocuments(IServiceCollection services, string connection)
    {
        AddServer<DocumentDatabase>(services, "documents", connection);
        services.AddSingleton(typeof(IDocumentStore<>), typeof(PostgresDocumentStore<>));
    }

    private static void AddServer<TPort, TAdapter>(IServiceCollection services, string name, object connection)
        where TPort : class
        where TAdapter : class, TPort, IPrepared
    {
        AddServer<TAdapter>(services, name, connection);
        services.AddSingleton<TPort>(provider => provider.GetRequiredService<TAdapter>());
    }

    private static void AddServer<TAdapter>(IServiceCollection services, string name, object connection)
        where TAdapter : class, IPrepared
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TAdapter>(provider, connection));
        services.AddSingleton<IPrepared>(provider => provider.GetRequiredService<TAdapter>());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new StoreHealth(provider.GetRequiredService<TAdapter>()), failureStatus: null, tags: null));
    }

    private static string CacheConnectionString(IHostApplicationBuilder builder) => ConnectionString(builder, "cache", "host:6379,password=…");

    private static string HistoryConnectionString(IHostApplicationBuilder builder) =>
        string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString("history")) && builder.Configuration[DatabaseUrl.Variable] is { Length: > 0 } url
            ? DatabaseUrl.ToConnectionString(url)
            : ConnectionString(builder, "history", "Host=…;Username=…;Password=…;Database=…");

    private static string ConnectionString(IHostApplicationBuilder builder, string name, string form) =>
        builder.Configuration.GetConnectionString(name) is { } text && !string.IsNullOrWhiteSpace(text)
            ? text
            : throw new InvalidOperationException($"ConnectionStrings:{name} is missing; its form is {form}");

    private static IServiceCollection AddCommon(IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<AnalysisStoreOptions>().BindConfiguration("Analyses").ValidateDataAnnotations().ValidateOnStart();
        return builder.Services;
    }
}
