using System.Text.Json;

namespace Deepfake.AppHost.Tests;

public sealed class PublishedTests : IAsyncLifetime
{
    private static readonly string[] Services = ["gateway", "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service"];
    private Manifest _manifest = null!;

    public async Task InitializeAsync() => _manifest = await Manifest.PublishAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void Six_services_and_four_servers_are_published_and_nothing_that_only_builds()
    {
        Assert.Equal(Services.Order(), OfType("project.v0"));
        Assert.Equal(["cache", "messaging", "postgres", "storage"], OfType("container.v0"));
        Assert.Empty(OfType("executable.v0"));
    }

    [Theory]
    [InlineData("ingest-service", "messaging", "cache", "history", "blobs")]
    [InlineData("frame-service", "messaging", "cache", "history", "blobs")]
    [InlineData("inference-worker", "messaging", "cache", "history", "blobs")]
    [InlineData("forensics-worker", "messaging", "cache", "history", "blobs")]
    [InlineData("result-service", "messaging", "cache", "history", "blobs")]
    [InlineData("gateway", "cache", "history")]
    public void A_service_knows_the_servers_it_uses_and_no_others(string service, params string[] servers) =>
        Assert.Equal(
            servers.Order().Select(server => KeyValuePair.Create($"ConnectionStrings__{server}", $"{{{server}.connectionString}}")),
            _manifest.Environment(service).Where(variable => variable.Key.StartsWith("ConnectionStrings__", StringComparison.Ordinal)).OrderBy(variable => variable.Key));

    [Fact]
    public void The_gateway_knows_the_services_behind_it_and_who_is_asked_knows_its_word()
    {
        var gateway = _manifest.Environment("gateway");
        Assert.Equal(
            ["services__inference-worker__http__0", "services__ingest-service__http__0", "services__result-service__http__0"],
            gateway.Keys.Where(name => name.StartsWith("services__", StringComparison.Ordinal)).Order());
        string[] asked = ["gateway", "ingest-service", "inference-worker", "result-service"];
        Assert.Equal(asked.Order(), Services.Where(service => _manifest.Environment(service).GetValueOrDefault("Identity__InternalSecret") == "{internal-secret.value}").Order());
    }

    [Fact]
    public void The_database_that_services_are_sent_to_is_created()
    {
        Assert.Equal("history", _manifest.Environment("postgres")["POSTGRES_DB"]);
        Assert.EndsWith(";Database=history", _manifest["history"].GetProperty("connectionString").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_told_to_believe_forwarded_addresses()
    {
        Assert.Equal("false", _manifest.Environment("gateway")["ASPNETCORE_FORWARDEDHEADERS_ENABLED"]);
        Assert.DoesNotContain(Services, service => _manifest.Environment(service).GetValueOrDefault("ASPNETCORE_FORWARDEDHEADERS_ENABLED") == "true");
        Assert.DoesNotContain("Gateway__KnownProxies", _manifest.Environment("gateway").Keys);
    }

    [Fact]
    public async Task Proxies_that_are_named_are_published()
    {
        var manifest = await Manifest.PublishAsync("--Gateway:KnownProxies=10.1.0.0/16");
        Assert.Equal("10.1.0.0/16", manifest.Environment("gateway")["Gateway__KnownProxies"]);
    }

    [Fact]
    public void The_broker_finds_its_queues_again_in_a_new_container() => Assert.Equal("messaging@localhost", _manifest.Environment("messaging")["RABBITMQ_NODENAME"]);

    [Fact]
    public void The_cache_writes_before_it_answers_and_forgets_nothing()
    {
        var command = _manifest["cache"].GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!).ToList();
        Assert.Equal(["-c"], command[..^1]);
        Assert.StartsWith("redis-server --requirepass $REDIS_PASSWORD ", command[^1], StringComparison.Ordinal);
        Assert.EndsWith(" --appendonly yes --appendfsync always --maxmemory-policy noeviction", command[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Volumes_are_called_alike_wherever_the_source_lies() =>
        Assert.Equal(
            ["deepfake-cache-data", "deepfake-history-data", "deepfake-messaging-data", "deepfake-storage-data"],
            _manifest.Resources.SelectMany(resource => _manifest.Volumes(resource.Name)).Order());

    [Fact]
    public void Passwords_are_made_for_each_installation()
    {
        var secrets = _manifest.Resources.Where(resource => Type(resource) == "parameter.v0")
            .Select(resource => (resource.Name, Input: resource.Value.GetProperty("inputs").GetProperty("value")))
            .Where(parameter => parameter.Input.TryGetProperty("secret", out var secret) && secret.GetBoolean()).ToList();

        Assert.Equal(["cache-password", "internal-secret", "messaging-password", "postgres-password", "storage-password"], secrets.Select(parameter => parameter.Name).Order());
        Assert.All(secrets, parameter => Assert.True(parameter.Input.GetProperty("default").GetProperty("generate").GetProperty("minLength").GetInt32() >= 22));
    }

    [Theory]
    [InlineData("messaging", "RABBITMQ_DEFAULT_PASS", "{messaging-password.value}")]
    [InlineData("cache", "REDIS_PASSWORD", "{cache-password.value}")]
    [InlineData("postgres", "POSTGRES_PASSWORD", "{postgres-password.value}")]
    [InlineData("storage", "AWS_SECRET_ACCESS_KEY", "{storage-password.value}")]
    public void Servers_take_the_passwords_that_were_made(string server, string variable, string expected) => Assert.Equal(expected, _manifest.Environment(server)[variable]);

    [Fact]
    public void Only_the_gateway_can_be_reached_from_outside() =>
        Assert.Equal(
            ["gateway"],
            from resource in _manifest.Resources
            where resource.Value.TryGetProperty("bindings", out var bindings) && bindings.EnumerateObject().Any(binding => binding.Value.TryGetProperty("external", out var external) && external.GetBoolean())
            select resource.Name);

    [Fact]
    public async Task Gpu_makes_inference_ask_for_CUDA()
    {
        var manifest = await Manifest.PublishAsync("--Gpu=true");
        Assert.Equal(("cpu", "cuda"), (_manifest.Environment("inference-worker")["DEVICE"], manifest.Environment("inference-worker")["DEVICE"]));
    }

    private IEnumerable<string> OfType(string type) => _manifest.Resources.Where(resource => Type(resource) == type).Select(resource => resource.Name).Order();

    private static string? Type(JsonProperty resource) => resource.Value.TryGetProperty("type", out var type) ? type.GetString() : null;
}
