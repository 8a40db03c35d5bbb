using OpenCvSharp;

namespace Deepfake.FrameService.Cropping;

/// <summary>OpenCV's native library. It works on pixels that ffmpeg's child has decoded, and never opens a file.</summary>
internal static class OpenCvLibrary
{
    /// <summary>What Debian calls the libraries that it links and a slim image lacks.</summary>
    private const string Packages = "libgtk-3-0 and libatomic1";

    /// <summary>Loads it where it is not loaded yet.</summary>
    /// <exception cref="InvalidOperationException">It cannot be loaded.</exception>
    public static void Load()
    {
        try
        {
            // A crop takes milliseconds, and several media are worked on at once beside ffmpeg's own threads: more would only wait for each other.
            Cv2.SetNumThreads(1);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or OpenCvSharpException)
        {
            throw new InvalidOperationException($"OpenCV cannot be loaded; on Debian it needs {Packages}.", e);
        }
    }
}
