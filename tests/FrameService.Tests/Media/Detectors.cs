using Deepfake.FrameService.Faces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.FrameService.Tests.Media;

/// <summary>The detectors, loaded once.</summary>
public sealed class Detectors : IDisposable
{
    public FaceFinder Finder { get; } = FaceFinderFactory.Create(new FrameServiceOptions(), NullLogger.Instance);

    public void Dispose() => Finder.Dispose();
}
