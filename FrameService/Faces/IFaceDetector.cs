namespace Deepfake.FrameService.Faces;

/// <summary>A network that finds faces in one square view of a picture. Implementations may be called by several threads at once.</summary>
public interface IFaceDetector : IDisposable
{
    /// <summary>Name that results carry, e.g. <c>blazeface-256</c>.</summary>
    string Name { get; }

    /// <summary>Side of the network's input in pixels.</summary>
    int InputSide { get; }

    /// <summary>
    /// Adds every candidate above the score threshold, before suppression of duplicates, in pixels of <paramref name="picture"/>.
    /// What of the view lies outside the picture is black.
    /// </summary>
    void Detect(RgbView picture, SquareView view, List<DetectedFace> found);
}

/// <summary>A square part of a picture, possibly reaching beyond it.</summary>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Side">Side in pixels, &gt; 0.</param>
public readonly record struct SquareView(float X, float Y, float Side);
