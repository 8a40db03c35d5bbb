using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.Objects;

[Collection(Servers.Collection)]
public sealed class S3ObjectStoreTests(Servers servers) : ObjectStoreContract
{
    private S3ConnectionString? _connection;
    private S3ObjectStore? _store;

    public override Task DisposeAsync()
    {
        _store?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_local_copy_is_gone_when_released()
    {
        await PutAsync("t/an_1/media", "x");

        var local = await Store.MaterializeAsync("t/an_1/media", None);
        Assert.Equal("x", await File.ReadAllTextAsync(local.Path));
        local.Dispose();
        local.Dispose();

        Assert.False(File.Exists(local.Path));
        Assert.True(await Store.ExistsAsync("t/an_1/media", None));
    }

    [Fact]
    public async Task Many_instances_create_the_bucket_at_once()
    {
        var connection = _connection! with { Bucket = $"race-{Guid.NewGuid():n}" };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            using var store = new S3ObjectStore(connection, TimeProvider.System, NullLogger<S3ObjectStore>.Instance);
            await store.PutAsync($"t/an_{i}/media", new MemoryStream([1]), "x/y", None);
        }));
    }

    [Fact]
    public async Task The_content_type_is_kept()
    {
        await Store.PutAsync("t/an_1/media", new PatternStream(6_000_000), "video/mp4", None);
        using var client = Client();

        Assert.Equal("video/mp4", (await client.GetObjectMetadataAsync(_connection!.Bucket, "t/an_1/media")).Headers.ContentType);
    }

    [Fact]
    public async Task A_signed_address_takes_one_object_of_the_right_length()
    {
        using var http = new HttpClient();
        var address = await _store!.SignAsync("t/an_1/incoming", 5, TimeSpan.FromMinutes(1), None);

        Assert.False((await http.PutAsync(address, new ByteArrayContent([1, 2, 3, 4]))).IsSuccessStatusCode);
        Assert.False((await http.PutAsync(address, new ByteArrayContent([1, 2, 3, 4, 5, 6]))).IsSuccessStatusCode);
        Assert.False((await http.PutAsync(new Uri(address.ToString().Replace("an_1", "an_2", StringComparison.Ordinal)), new ByteArrayContent([1, 2, 3, 4, 5]))).IsSuccessStatusCode);
        Assert.False((await http.GetAsync(address)).IsSuccessStatusCode);
        Assert.Empty(await ListAsync(""));

        Assert.True((await http.PutAsync(address, new ByteArrayContent([1, 2, 3, 4, 5]))).IsSuccessStatusCode);
        Assert.Equal(["t/an_1/incoming"], await ListAsync(""));
    }

    [Fact]
    public async Task A_signed_address_names_the_host_that_clients_see()
    {
        using var store = new S3ObjectStore(
            _connection! with { PublicEndpoint = new Uri("https://media.example.org/s3") }, TimeProvider.System, NullLogger<S3ObjectStore>.Instance);

        Assert.StartsWith($"https://media.example.org/s3/{_connection!.Bucket}/t/an_1/incoming?", (await store.SignAsync("t/an_1/incoming", 5, TimeSpan.FromMinutes(1), None)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3 * 1024 * 1024)]
    [InlineData(13 * 1024 * 1024)]
    public async Task An_upload_is_continued_by_another_process_that_knows_what_was_saved(int before)
    {
        const int Total = 16 * 1024 * 1024;
        var saved = await _store!.BeginAsync("t/an_1/media", Total, "video/mp4", None);
        if (before > 0) await _store.AppendAsync(saved, new PatternStream(before), state => Task.FromResult(saved = state), null, None);
        var written = JsonSerializer.Serialize(saved);

        using (var other = new S3ObjectStore(_connection!, TimeProvider.System, NullLogger<S3ObjectStore>.Instance))
        {
            var known = JsonSerializer.Deserialize<GrowingObject>(written)!;
            await other.CompleteAsync(await other.AppendAsync(known, new PatternStream(Total, start: before), _ => Task.CompletedTask, null, None), None);
        }

        Assert.Equal(["t/an_1/media"], await ListAsync(""));
        Assert.Equal(new ObjectTotal(1, Total), await Store.MeasureAsync("t/an_1/", None));
        Assert.Equal(0, await CountUnfinishedAsync());
    }

    [Fact]
    public async Task A_bucket_is_made_with_a_rule_that_removes_unfinished_uploads()
    {
        await PutAsync("t/an_1/media", "x");
        using var client = Client();

        var rule = Assert.Single((await client.GetLifecycleConfigurationAsync(_connection!.Bucket)).Configuration.Rules);

        Assert.Equal(1, rule.AbortIncompleteMultipartUpload.DaysAfterInitiation);
        Assert.Equal(LifecycleRuleStatus.Enabled, rule.Status);
    }

    [Fact]
    public async Task A_server_that_asks_to_slow_down_is_asked_again()
    {
        using var busy = new BusyServer(_connection!.Endpoint);
        using var store = new S3ObjectStore(_connection with { Endpoint = busy.Address }, TimeProvider.System, NullLogger<S3ObjectStore>.Instance);
        await store.PutAsync("t/an_1/media", new MemoryStream([1, 2, 3]), "x/y", None);

        busy.Refusals = 2;
        await store.PutAsync("t/an_2/media", new MemoryStream([1, 2, 3]), "x/y", None);
        Assert.Equal(0, busy.Refusals);
        busy.Refusals = 2;
        Assert.True(await store.ExistsAsync("t/an_2/media", None));
        busy.Refusals = 2;
        Assert.Equal(new ObjectTotal(2, 6), await store.MeasureAsync("t/", None));
    }

    protected override async Task<IObjectStore> OpenAsync()
    {
        _connection = S3ConnectionString.Parse(await servers.Set.NewS3BucketAsync());
        return _store = new S3ObjectStore(_connection, TimeProvider.System, NullLogger<S3ObjectStore>.Instance) { CopySize = 6 * 1024 * 1024 };
    }

    protected override async Task<int> CountUnfinishedAsync()
    {
        using var client = Client();
        var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = _connection!.Bucket });
        return uploads.MultipartUploads?.Count ?? 0;
    }

    private AmazonS3Client Client() => new(
        new BasicAWSCredentials(_connection!.AccessKey, _connection.SecretKey),
        new AmazonS3Config { ServiceURL = _connection.Endpoint.ToString(), ForcePathStyle = true, AuthenticationRegion = _connection.Region });
}
