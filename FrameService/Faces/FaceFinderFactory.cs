using Microsoft.Extensions.Logging;

namespace Deepfake.FrameService.Faces;

/// <summary>Loads the two detectors that the options name.</summary>
internal static partial class FaceFinderFactory
{
    /// <summary>Loads what can be loaded; a missing or broken primary leaves the fallback, and the other way round.</summary>
    /// <exception cref="InvalidOperationException">Neither can be loaded.</exception>
    public static FaceFinder Create(FrameServiceOptions options, ILogger logger)
    {
        var primary = Load(options.PrimaryDetector, options, logger);
        var fallback = Load(options.FallbackDetector, options, logger);
        if (primary is null && fallback is null) throw new InvalidOperationException("No face detector could be loaded: see Frames:PrimaryDetector and Frames:FallbackDetector.");
        return new FaceFinder(primary, fallback, new FaceFinderOptions { MinimumSide = options.MinimumFace });
    }

    private static BlazeFaceDetector? Load(string path, FrameServiceOptions options, ILogger logger)
    {
        try
        {
            return new BlazeFaceDetector(Path.Combine(AppContext.BaseDirectory, path), options.DetectorThreads, options.DetectorThreshold);
        }
        catch (Exception e)
        {
            LogMissing(logger, Path.GetFileName(path), e);
            return null;
        }
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "Face detector {File} could not be loaded; the other one does its work")]
    private static partial void LogMissing(ILogger logger, string file, Exception exception);
}
