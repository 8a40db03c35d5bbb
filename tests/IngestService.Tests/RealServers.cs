using Deepfake.TestServers;

namespace Deepfake.IngestService.Tests;

/// <summary>PostgreSQL, Redis and an S3 API that the tests of this project share, started when first asked for.</summary>
public sealed class RealServers : IAsyncLifetime
{
    public const string Collection = "servers";
    private readonly ServerSet _set = new();

    /// <summary>Settings of a host on empty stores.</summary>
    public async Task<(string Key, string Value)[]> SettingsAsync() =>
    [
        ("ConnectionStrings:blobs", await _set.NewS3BucketAsync()),
        ("ConnectionStrings:cache", await _set.NewRedisDatabaseAsync()),
        ("ConnectionStrings:history", await _set.NewPostgresDatabaseAsync()),
    ];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _set.DisposeAsync().AsTask();
}

[CollectionDefinition(RealServers.Collection)]
public sealed class RealServersDefinition : ICollectionFixture<RealServers>;
