using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.AppHost.Tests;

public sealed class ModelTests
{
    private static readonly string[] Elsewhere =
    [
        "--ConnectionStrings:messaging=amqp://guest:guest@broker:5672", "--ConnectionStrings:cache=cache:6379",
        "--ConnectionStrings:history=Host=database;Database=history", "--ConnectionStrings:blobs=Endpoint=http://objects;AccessKey=a;SecretKey=b",
    ];

    [Theory]
    [InlineData("ingest-service", "messaging", "cache", "history", "blobs")]
    [InlineData("frame-service", "messaging", "cache", "history", "blobs")]
    [InlineData("inference-worker", "messaging", "cache", "history", "blobs")]
    [InlineData("forensics-worker", "messaging", "cache", "history", "blobs")]
    [InlineData("result-service", "messaging", "cache", "history", "blobs")]
    [InlineData("gateway", "cache", "history", "ingest-service", "result-service")]
    public async Task A_service_waits_for_what_it_needs_and_is_asked_whether_it_is_healthy(string service, params string[] needs)
    {
        await using var model = await ModelAsync(Elsewhere);
        var resource = model.Resources.Single(resource => resource.Name == service);

        Assert.Equal(needs.Order(), resource.Annotations.OfType<WaitAnnotation>().Where(wait => wait.WaitType == WaitType.WaitUntilHealthy).Select(wait => wait.Resource.Name).Order());
        Assert.Single(resource.Annotations.OfType<HealthCheckAnnotation>());
    }

    [Theory]
    [InlineData("--Workers=3", 3)]
    [InlineData("--Gpu=false", 2)]
    public async Task Workers_come_in_pools(string setting, int size)
    {
        await using var model = await ModelAsync([.. Elsewhere, setting]);

        Assert.Equal(
            [("forensics-worker", size), ("frame-service", size), ("gateway", 1), ("inference-worker", size), ("ingest-service", 1), ("result-service", 1)],
            model.Resources.OfType<ProjectResource>().Select(resource => (resource.Name, resource.GetReplicaCount())).Order());
    }

    [Fact]
    public async Task Servers_are_containers_that_stay_and_of_which_there_is_one_on_a_machine()
    {
        await using var model = await ModelAsync();
        var containers = model.Resources.OfType<ContainerResource>().ToList();

        Assert.Equal(["cache", "messaging", "postgres", "storage"], containers.Select(container => container.Name).Order());
        Assert.All(containers, container =>
        {
            Assert.Equal(ContainerLifetime.Persistent, Assert.Single(container.Annotations.OfType<ContainerLifetimeAnnotation>()).Lifetime);
            Assert.Equal($"deepfake-{container.Name}", Assert.Single(container.Annotations.OfType<ContainerNameAnnotation>()).Name);
            Assert.Single(container.Annotations.OfType<HealthCheckAnnotation>());
            Assert.Single(container.Annotations.OfType<ContainerMountAnnotation>());
        });
    }

    [Fact]
    public async Task Each_server_that_is_named_is_used_and_gets_no_container()
    {
        await using var none = await ModelAsync(Elsewhere);
        Assert.Empty(none.Resources.OfType<ContainerResource>());
        await using var one = await ModelAsync([Elsewhere[1]]);
        Assert.Equal(["messaging", "postgres", "storage"], one.Resources.OfType<ContainerResource>().Select(container => container.Name).Order());
    }

    [Fact]
    public async Task Here_services_share_the_models_of_the_repository_and_the_developer_needs_no_key()
    {
        await using var model = await ModelAsync(Elsewhere);

        foreach (var service in new[] { "ingest-service", "inference-worker", "forensics-worker", "result-service" })
            Assert.Equal(Path.Combine(Repository.Root, "models"), (await EnvironmentAsync(model, service))["MODEL_PATH"]);
        var gateway = await EnvironmentAsync(model, "gateway");
        Assert.Equal("true", gateway["Identity__AllowLocal"]);
        Assert.DoesNotContain("ASPNETCORE_FORWARDEDHEADERS_ENABLED", gateway.Keys);
    }

    [Fact]
    public async Task The_frame_service_says_which_programs_it_needs()
    {
        await using var model = await ModelAsync(Elsewhere);
        var frames = model.Resources.Single(resource => resource.Name == "frame-service");
#pragma warning disable ASPIRECOMMAND001 // read in a test only
        Assert.Equal(["ffmpeg", "ffprobe"], frames.Annotations.OfType<RequiredCommandAnnotation>().Select(command => command.Command));
#pragma warning restore ASPIRECOMMAND001
    }

    [Fact]
    public async Task The_gateway_waits_for_the_page_only_while_it_has_to_be_built()
    {
        await using var model = await ModelAsync(Elsewhere);
        var page = model.Resources.Single(resource => resource.Name == "page");
        var waits = model.Resources.Single(resource => resource.Name == "gateway").Annotations.OfType<WaitAnnotation>().Any(wait => wait.Resource == page);

        // Which of the two depends on the checkout the test runs in; never both, never neither.
        Assert.NotEqual(waits, page.Annotations.OfType<ExplicitStartupAnnotation>().Any());
    }

    [Fact]
    public async Task Passwords_stay_from_one_start_to_the_next_as_the_volumes_do()
    {
        // Where user secrets are kept, on every system the first place that is looked for.
        using var secrets = new TemporaryFolder();
        Environment.SetEnvironmentVariable("APPDATA", secrets.Path);
        try
        {
            var first = await PasswordsAsync();
            var second = await PasswordsAsync();

            Assert.Equal(["cache-password", "internal-secret", "messaging-password", "postgres-password", "storage-password"], first.Keys.Order());
            Assert.Equal(first.OrderBy(password => password.Key), second.OrderBy(password => password.Key));
            Assert.Equal(first.Count, first.Values.Distinct().Count());
        }
        finally
        {
            Environment.SetEnvironmentVariable("APPDATA", null);
        }

        static async Task<Dictionary<string, string>> PasswordsAsync()
        {
            await using var model = await ModelAsync();
            Assert.Equal(Environments.Development, model.Environment.EnvironmentName);
            var passwords = new Dictionary<string, string>();
            // Some are no resources of their own until they are published.
            var parameters = model.Resources.OfType<ParameterResource>()
                .Append(model.Resources.OfType<RabbitMQServerResource>().Single().PasswordParameter)
                .Append(model.Resources.OfType<RedisResource>().Single().PasswordParameter!)
                .Append(model.Resources.OfType<PostgresServerResource>().Single().PasswordParameter);
            foreach (var parameter in parameters.Where(parameter => parameter.Secret)) passwords[parameter.Name] = (await parameter.GetValueAsync(CancellationToken.None))!;
            return passwords;
        }
    }

    // The entry point of the AppHost up to where it would start; nothing runs.
    private static Task<IDistributedApplicationTestingBuilder> ModelAsync(params string[] settings) => DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(settings);

    private static async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(IDistributedApplicationTestingBuilder model, string service)
    {
        var resource = model.Resources.Single(resource => resource.Name == service);
        // As for publishing, so that addresses stay expressions: they are known only when something runs.
        var result = await ExecutionConfigurationBuilder.Create(resource).WithEnvironmentVariablesConfig()
            .BuildAsync(new DistributedApplicationExecutionContext(DistributedApplicationOperation.Publish), NullLogger.Instance, CancellationToken.None);
        return result.EnvironmentVariables.ToDictionary(variable => variable.Key, variable => variable.Value);
    }
}
