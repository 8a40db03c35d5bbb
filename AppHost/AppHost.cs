// The whole system on one machine: `dotnet run --project AppHost` (needs a container engine).
//   --Gpu=true            inference workers ask for CUDA
//   --Workers=3           replicas of each worker pool
//   --Port=8081           where the gateway listens
// A server that runs elsewhere is used instead of a container where its connection string is given:
//   ConnectionStrings__messaging, ConnectionStrings__cache, ConnectionStrings__history, ConnectionStrings__blobs
using System.Diagnostics;
using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);
var gpu = builder.Configuration.GetValue("Gpu", false);
var workers = builder.Configuration.GetValue("Workers", 2);
var port = builder.Configuration.GetValue("Port", 8080);

var messaging = External("messaging") ?? Messaging();
var cache = External("cache") ?? Cache();
var history = External("history") ?? History();
var blobs = External("blobs") ?? ObjectStore();
// How services know the gateway's word from anybody else's.
var secret = Generated("internal-secret");

var ingest = Service<Projects.IngestService>("ingest-service").WithEnvironment("Identity__InternalSecret", secret);
var results = Service<Projects.ResultService>("result-service").WithEnvironment("Identity__InternalSecret", secret);
Service<Projects.FrameService>("frame-service").WithReplicas(workers)
    .WithRequiredCommand("ffmpeg", "https://ffmpeg.org/download.html").WithRequiredCommand("ffprobe", "https://ffmpeg.org/download.html");
var forensics = Service<Projects.ForensicsWorker>("forensics-worker").WithReplicas(workers);
var inference = Service<Projects.InferenceWorker>("inference-worker").WithReplicas(workers)
    .WithEnvironment("Identity__InternalSecret", secret)
    .WithEnvironment("DEVICE", gpu ? "cuda" : "cpu");

var gateway = builder.AddProject<Projects.Gateway>("gateway")
    .WithReference(cache).WaitFor(cache)
    .WithReference(history).WaitFor(history)
    .WithReference(ingest).WaitFor(ingest)
    .WithReference(results).WaitFor(results)
    .WithReference(inference)
    .WithEnvironment("Identity__InternalSecret", secret)
    .WithHttpEndpoint(port: port)
    .WithHttpHealthCheck("/health")
    .WithExternalHttpEndpoints()
    .DisableForwardedHeaders()
    .WithUrlForEndpoint("http", url => url.DisplayText = "Page")
    .WithUrlForEndpoint("http", _ => new ResourceUrlAnnotation { Url = "/docs/index.html", DisplayText = "API documents" });

if (builder.ExecutionContext.IsRunMode)
{
    // All that look at models look into the same folder; elsewhere MODEL_PATH names the volume they share.
    var models = Path.GetFullPath(builder.Configuration["MODEL_PATH"] ?? Path.Combine(builder.AppHostDirectory, "../models"));
    foreach (var service in new[] { ingest, results, forensics, inference }) service.WithEnvironment("MODEL_PATH", models);
    if (builder.Configuration["Inference:Profile"] is { Length: > 0 } profile)
        foreach (var service in new[] { ingest, results, inference }) service.WithEnvironment("Inference__Profile", profile);
    // On a developer's machine the developer needs no key; anybody else does.
    gateway.WithEnvironment("Identity__AllowLocal", "true");
    var page = builder.AddExecutable("page", "bash", "..", "eng/build-page");
    if (PageIsFresh()) page.WithExplicitStart();
    else gateway.WaitForCompletion(page);
}
else
{
    // Aspire tells published services to believe any X-Forwarded-For, and some platforms do. Gateway:KnownProxies names who is believed.
    gateway.WithEnvironment("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "false");
    if (builder.Configuration["Gateway:KnownProxies"] is { Length: > 0 } proxies) gateway.WithEnvironment("Gateway__KnownProxies", proxies);
}

builder.Build().Run();

// Every service but the gateway, which needs cache and history, needs all four servers.
IResourceBuilder<ProjectResource> Service<TProject>(string name)
    where TProject : IProjectMetadata, new() => builder.AddProject<TProject>(name)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(cache).WaitFor(cache)
    .WithReference(history).WaitFor(history)
    .WithReference(blobs).WaitFor(blobs)
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health")
    .DisableForwardedHeaders();

// A server named by its connection string, or null.
IResourceBuilder<IResourceWithConnectionString>? External(string name) =>
    builder.Configuration.GetConnectionString(name) is null ? null : builder.AddConnectionString(name);

IResourceBuilder<IResourceWithConnectionString> Messaging() => Kept(builder.AddRabbitMQ("messaging"))
    .WithManagementPlugin()
    .WithDataVolume("deepfake-messaging-data")
    // Queues belong to a node: under another name, which each new container would have by itself, they are not found again.
    .WithEnvironment("RABBITMQ_NODENAME", "messaging@localhost")
    .WithUrlForEndpoint("management", url => url.DisplayText = "RabbitMQ console");

// Accepted analyses live in the cache until history has them: written to disk before they are answered, and never pushed out.
IResourceBuilder<IResourceWithConnectionString> Cache() => Kept(builder.AddRedis("cache"))
    .WithDataVolume("deepfake-cache-data")
    .WithArgs(context =>
    {
        // Aspire joins the arguments for a shell: here after this, in what is published before.
        const string durability = "--appendonly yes --appendfsync always --maxmemory-policy noeviction";
        if (context.ExecutionContext.IsRunMode) context.Args.Add(durability);
        else context.Args[^1] = $"{context.Args[^1]} {durability}";
    });

IResourceBuilder<IResourceWithConnectionString> History() => Kept(builder.AddPostgres("postgres"))
    .WithDataVolume("deepfake-history-data")
    // AddDatabase creates the database in run mode only.
    .WithEnvironment("POSTGRES_DB", "history")
    .AddDatabase("history");

// One container with the S3 API (docs/decisions/0007); any other S3 API will do.
IResourceBuilder<IResourceWithConnectionString> ObjectStore()
{
    var user = builder.AddParameter("storage-user", "deepfake", publishValueAsDefault: true);
    var password = Generated("storage-password");
    var storage = Kept(builder.AddContainer("storage", "chrislusf/seaweedfs", "4.47").WithImageRegistry("docker.io"))
        // All its parts are in one process, under an address that stays when the container is made anew.
        .WithArgs("mini", "-dir=/data", "-ip=127.0.0.1", "-ip.bind=0.0.0.0", "-webdav=false", "-master.telemetry=false")
        .WithEnvironment("AWS_ACCESS_KEY_ID", user).WithEnvironment("AWS_SECRET_ACCESS_KEY", password)
        .WithHttpEndpoint(targetPort: 8333, name: "http")
        .WithVolume("deepfake-storage-data", "/data")
        .WithHttpHealthCheck("/healthz", endpointName: "http");
    return builder.AddConnectionString("blobs", ReferenceExpression.Create(
        $"Endpoint={storage.GetEndpoint("http")};AccessKey={user};SecretKey={password}")).WaitFor(storage);
}

// Made at the first start and kept in the user secrets of the developer, as the passwords of the other servers: volumes outlive a start.
IResourceBuilder<ParameterResource> Generated(string name) =>
    builder.AddParameter(name, new GenerateParameterDefault { MinLength = 40, Special = false }, secret: true, persist: true);

// Containers of servers stay when the AppHost ends, so that the next start finds them running. By their names there is one of each on a
// machine, as there is of its volume.
IResourceBuilder<T> Kept<T>(IResourceBuilder<T> server)
    where T : ContainerResource => server.WithLifetime(ContainerLifetime.Persistent).WithContainerName($"deepfake-{server.Resource.Name}");

// ./run, ./test and the page resource build the page by the same script; it knows whether there is anything to do.
bool PageIsFresh()
{
    using var check = Process.Start(new ProcessStartInfo("bash", ["eng/build-page", "--check"]) { WorkingDirectory = Path.Combine(builder.AppHostDirectory, "..") })!;
    check.WaitForExit();
    return check.ExitCode == 0;
}
