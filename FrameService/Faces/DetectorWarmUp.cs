using Deepfake.FrameService.Decoding;
using Microsoft.Extensions.Hosting;

namespace Deepfake.FrameService.Faces;

/// <summary>Loads and runs the detectors once at start: the first upload is as fast as the second, and a host without any detector stops.</summary>
internal sealed class DetectorWarmUp(IServiceProvider services) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(
        () =>
        {
            using var grey = new VideoFrame(256, 256);
            grey.Pixels.Span.Fill(128);
            ((FaceFinder)services.GetService(typeof(FaceFinder))!).Find(grey.View, SearchEffort.Quick);
        },
        stoppingToken);
}
