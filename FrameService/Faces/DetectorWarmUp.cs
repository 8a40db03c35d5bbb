using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Decoding;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Hosting;

namespace Deepfake.FrameService.Faces;

/// <summary>
/// Loads OpenCV and the detectors and runs them once at start: the first upload is as fast as the second, and a host without the one or any of the other stops.
/// </summary>
internal sealed class DetectorWarmUp(IServiceProvider services) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Run(
        () =>
        {
            using var grey = new VideoFrame(256, 256);
            grey.Pixels.Span.Fill(128);
            FaceCropper.Crop(grey.View, new CropGeometry(128, 128, FacePack.Side, 0), new byte[FacePack.CropBytes]);
            ((FaceFinder)services.GetService(typeof(FaceFinder))!).Find(grey.View, SearchEffort.Quick);
        },
        stoppingToken);
}
