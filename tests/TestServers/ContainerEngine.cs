using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Configurations;

namespace Deepfake.TestServers;

/// <summary>The container engine that Testcontainers finds: <c>DOCKER_HOST</c>, a socket in its usual place, or none.</summary>
internal static class ContainerEngine
{
    private static readonly TimeSpan PullPatience = TimeSpan.FromMinutes(10);

    /// <summary>Whether one answers.</summary>
    public static bool Answers => TestcontainersSettings.OS.DockerEndpointAuthConfig is not null;

    /// <summary>A connection to it.</summary>
    public static IDockerClient Connect() => TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.NewGuid()).Build();

    /// <summary>Its name and version.</summary>
    public static async Task<string> DescribeAsync()
    {
        using var engine = Connect();
        var version = await engine.System.GetVersionAsync();
        return $"{version.Components?.FirstOrDefault()?.Name ?? "engine"} {version.Version}";
    }

    /// <summary>Pulls an image that is not there.</summary>
    /// <exception cref="InvalidOperationException">It is to be had nowhere.</exception>
    public static async Task EnsureImageAsync(string image)
    {
        using var engine = Connect();
        try
        {
            await engine.Images.InspectImageAsync(image);
        }
        catch (DockerImageNotFoundException)
        {
            using var deadline = new CancellationTokenSource(PullPatience);
            var name = image.Split(':');
            string? refused = null;
            try
            {
                await engine.Images.CreateImageAsync(
                    new ImagesCreateParameters { FromImage = name[0], Tag = name[1] }, null, new Progress<JSONMessage>(said => refused ??= said.Error?.Message), deadline.Token);
                await engine.Images.InspectImageAsync(image, deadline.Token);
            }
            catch (Exception e) when (e is DockerApiException or HttpRequestException or OperationCanceledException)
            {
                throw new InvalidOperationException($"the image {image} cannot be pulled: {refused ?? e.Message}", e);
            }
        }
    }
}
