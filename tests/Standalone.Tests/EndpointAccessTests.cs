using Deepfake.ForensicsWorker.Calibration;
using Deepfake.FrameService;
using Deepfake.Gateway;
using Deepfake.InferenceWorker;
using Deepfake.IngestService;
using Deepfake.ResultService;
using Deepfake.Standalone.Evaluate;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Standalone.Tests;

/// <summary>Who may use the endpoints of a host, as its Program maps them. Nothing that works in the background is started.</summary>
public sealed class EndpointAccessTests
{
    private static readonly string[] Health = ["/alive", "/health"];
    private static readonly string[] FrontDoor =
        ["/", "/docs/{**path}", "/openapi.json", "/openapi/{documentName:regex(^identity$)}.json", "/v1/session", "/{**path}"];

    // Who holds a presigned address needs no key.
    private static readonly string[] Ingest = ["/openapi/{documentName:regex(^ingest$)}.json", "/v1/uploads/direct/{id}"];
    private static readonly string[] Results = ["/openapi/{documentName:regex(^result$)}.json"];
    private static readonly string[] Models = ["/openapi/{documentName:regex(^inference$)}.json"];

    [Fact]
    public void Of_the_gateway() => Check<GatewayOptions>([.. Health, .. FrontDoor]);

    [Fact]
    public void Of_the_ingest_service() => Check<IngestOptions>([.. Health, .. Ingest]);

    [Fact]
    public void Of_the_result_service() => Check<ResultOptions>([.. Health, .. Results]);

    [Fact]
    public void Of_the_inference_worker() => Check<InferenceOptions>([.. Health, .. Models]);

    [Fact]
    public void Of_the_frame_service() => Check<FrameServiceOptions>(Health);

    [Fact]
    public void Of_the_forensics_worker() => Check<ForensicsManifest>(Health);

    [Fact]
    public void Of_the_embedded_host() => Check<EvaluateOptions>([.. Health, .. FrontDoor, .. Ingest, .. Results, .. Models]);

    private static void Check<TEntryPoint>(string[] open)
        where TEntryPoint : class
    {
        var folder = Directory.CreateTempSubdirectory("endpoints-");
        using var factory = new WebApplicationFactory<TEntryPoint>();
        using var host = factory.WithWebHostBuilder(web => Configure(web, folder.FullName));
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        Assert.NotEmpty(endpoints);
        Assert.Equal(
            open.Order(StringComparer.Ordinal),
            endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(Address).Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null && endpoint.Metadata.GetMetadata<IAuthorizeData>() is null).Select(Address));
        var policies = host.Services.GetRequiredService<IAuthorizationPolicyProvider>();
        Assert.NotNull(policies.GetFallbackPolicyAsync().GetAwaiter().GetResult());
        Assert.All(endpoints.SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>()), data =>
            Assert.NotNull(data.Policy is null ? policies.GetDefaultPolicyAsync().GetAwaiter().GetResult() : policies.GetPolicyAsync(data.Policy).GetAwaiter().GetResult()));
        folder.Delete(recursive: true);
    }

    private static string Address(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/');

    private static void Configure(IWebHostBuilder web, string folder)
    {
        web.UseEnvironment("Production");
        foreach (var (name, value) in new[]
        {
            ("Identity:InternalSecret", "a secret of the tests with its 32 characters"), ("DATA_PATH", folder),
            ("ConnectionStrings:messaging", "amqp://guest:guest@127.0.0.1:1"), ("ConnectionStrings:cache", "127.0.0.1:1"),
            ("ConnectionStrings:blobs", "Endpoint=http://127.0.0.1:1;AccessKey=a;SecretKey=b;Bucket=c"), ("ConnectionStrings:history", "Host=127.0.0.1;Username=a;Password=b;Database=c"),
            ("services:ingest-service:http:0", "http://127.0.0.1:1"), ("services:result-service:http:0", "http://127.0.0.1:1"), ("services:inference-worker:http:0", "http://127.0.0.1:1"),
        }) web.UseSetting(name, value);
        web.ConfigureTestServices(services =>
        {
            foreach (var worker in services.Where(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Assembly.GetName().Name != "Microsoft.AspNetCore.Hosting").ToList())
                services.Remove(worker);
        });
    }
}
