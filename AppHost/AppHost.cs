// The whole system on one machine: `dotnet run --project AppHost` (needs a container engine).
//   --Gpu=true            inference workers ask for CUDA
//   --Workers=3           replicas of each worker pool
// A server that runs elsewhere is used instead of a container where its connection string is given:
//   ConnectionStrings__messaging, ConnectionStrings__cache, ConnectionStrings__history, ConnectionStrings__blobs
using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);
var gpu = builder.Configuration.GetValue("Gpu", false);
var workers = builder.Configuration.GetValue("Workers", 2);

var messaging = External("messaging") ?? builder.AddRabbitMQ("messaging").WithManagementPlugin().WithDataVolume();
// Accepted analyses live in the cache until history has them: written to disk before they are answered, and never pushed out.
var cache = External("cache") ?? builder.AddRedis("cache").WithDataVolume().WithArgs(context => Append(context.Args, "--appendonly yes --appendfsync always --maxmemory-policy noeviction"));
var history = External("history") ?? builder.AddPostgres("postgres").WithDataVolume().AddDatabase("history");
var blobs = External("blobs") ?? ObjectStore();
// How services know the gateway's word from anybody else's.
var secret = builder.AddParameter("internal-secret", new GenerateParameterDefault { MinLength = 40, Special = false }, secret: true);

var ingest = WithServers(builder.AddProject<Projects.IngestService>("ingest-service")).WithEnvironment("Identity__InternalSecret", secret);
var results = WithServers(builder.AddProject<Projects.ResultService>("result-service")).WithEnvironment("Identity__InternalSecret", secret);
WithServers(builder.AddProject<Projects.FrameService>("frame-service")).WithReplicas(workers);
var forensics = WithServers(builder.AddProject<Projects.ForensicsWorker>("forensics-worker")).WithReplicas(workers);
var inference = WithServers(builder.AddProject<Projects.InferenceWorker>("inference-worker")).WithReplicas(workers)
    .WithEnvironment("Identity__InternalSecret", secret)
    .WithEnvironment("DEVICE", gpu ? "cuda" : "cpu");

var gateway = builder.AddProject<Projects.Gateway>("gateway")
    .WithReference(cache).WaitFor(cache)
    .WithReference(history).WaitFor(history)
    .WithReference(ingest).WaitFor(ingest)
    .WithReference(results).WaitFor(results)
    .WithReference(inference)
    .WithEnvironment("Identity__InternalSecret", secret)
    .WithHttpEndpoint(port: 8080)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints();

if (builder.ExecutionContext.IsRunMode)
{
    // All that look at models look into the same folder; elsewhere MODEL_PATH names the volume they share.
    var models = Path.GetFullPath(builder.Configuration["MODEL_PATH"] ?? Path.Combine(builder.AppHostDirectory, "../models"));
    foreach (var service in new[] { ingest, results, forensics, inference }) service.WithEnvironment("MODEL_PATH", models);
    // On a developer's machine the developer needs no key; anybody else does.
    gateway.WithEnvironment("Identity__AllowLocal", "true");
    // The page is part of the gateway; ./run builds it, and so does this.
    var page = builder.AddExecutable("page", "sh", "../web", "-c", "npm install --no-save --no-audit --no-fund && npm run build");
    gateway.WaitForCompletion(page);
}

builder.Build().Run();

// Every service but the gateway, which needs cache and history, needs all four servers.
IResourceBuilder<ProjectResource> WithServers(IResourceBuilder<ProjectResource> service) => service
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(cache).WaitFor(cache)
    .WithReference(history).WaitFor(history)
    .WithReference(blobs).WaitFor(blobs)
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health");

// Aspire starts Redis by a shell, with the whole command in one argument when it is published and in several when it runs.
static void Append(IList<object> arguments, string settings)
{
    if (arguments is [.., string command] && command.StartsWith("redis-server ", StringComparison.Ordinal))
    {
        arguments[^1] = $"{command} {settings}";
        return;
    }

    foreach (var setting in settings.Split(' ')) arguments.Add(setting);
}

// A server named by its connection string, or null.
IResourceBuilder<IResourceWithConnectionString>? External(string name) =>
    builder.Configuration.GetConnectionString(name) is null ? null : builder.AddConnectionString(name);

// One container with the S3 API; any other S3 API will do. The password is for this machine only and is not published.
IResourceBuilder<IResourceWithConnectionString> ObjectStore()
{
    var user = builder.AddParameter("storage-user", "deepfake");
    var password = builder.AddParameter("storage-password", "local-only-password", secret: true);
    var storage = builder.AddContainer("storage", "minio/minio", "RELEASE.2025-09-07T16-13-09Z")
        .WithArgs("server", "/data", "--console-address", ":9001")
        .WithEnvironment("MINIO_ROOT_USER", user).WithEnvironment("MINIO_ROOT_PASSWORD", password)
        .WithHttpEndpoint(targetPort: 9000, name: "http").WithHttpEndpoint(targetPort: 9001, name: "console")
        .WithVolume("storage-data", "/data").WithHttpHealthCheck("/minio/health/live", endpointName: "http");
    return builder.AddConnectionString("blobs", ReferenceExpression.Create(
        $"Endpoint={storage.GetEndpoint("http")};AccessKey={user};SecretKey={password}"));
}
