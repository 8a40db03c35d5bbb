using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Hosting;
using Deepfake.Infrastructure.Limits;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Persistence;
using Deepfake.Infrastructure.Persistence.Postgres;
using Deepfake.Infrastructure.Persistence.Sqlite;
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
        AddDatabase(services, provider => ActivatorUtilities.CreateInstance<SqliteDatabase>(provider, provider.GetRequiredService<DataFolder>().In("deepfake.db")));
        services.AddSingleton<IAnalysisStore, SqliteAnalysisStore>();
        services.AddSingleton<IHistoryStore, HistoryStore>();
        services.AddSingleton<ILimiter, LocalLimiter>();
        // Opens the database before anything starts, so that a broken data folder ends the host with its reason.
        services.AddHostedService<Preparation>();
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
        AddPostgres(services, history);
        services.AddSingleton<IHistoryStore, HistoryStore>();
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
        AddPostgres(builder.Services, HistoryConnectionString(builder));
        // No health check: without it a gateway goes on, and says so.
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedisLimiter>(provider, cache));
        builder.Services.AddSingleton<ILimiter>(provider => provider.GetRequiredService<RedisLimiter>());
        builder.Services.AddSingleton<IPrepared>(provider => provider.GetRequiredService<RedisLimiter>());
        builder.Services.AddHostedService<Preparation>();
        return builder;
    }

    private static void AddPostgres(IServiceCollection services, string connection) =>
        AddDatabase(services, provider => ActivatorUtilities.CreateInstance<PostgresDatabase>(provider, connection));

    private static void AddDatabase<T>(IServiceCollection services, Func<IServiceProvider, T> create)
        where T : StoreDatabase
    {
        AddServer(services, "database", create);
        services.AddSingleton<StoreDatabase>(provider => provider.GetRequiredService<T>());
        services.AddSingleton(typeof(IDocumentStore<>), typeof(DocumentStore<>));
    }

    private static void AddServer<TPort, TAdapter>(IServiceCollection services, string name, object connection)
        where TPort : class
        where TAdapter : class, TPort, IPrepared
    {
        AddServer(services, name, provider => ActivatorUtilities.CreateInstance<TAdapter>(provider, connection));
        services.AddSingleton<TPort>(provider => provider.GetRequiredService<TAdapter>());
    }

    private static void AddServer<TAdapter>(IServiceCollection services, string name, Func<IServiceProvider, TAdapter> create)
        where TAdapter : class, IPrepared
    {
        services.AddSingleton(create);
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
