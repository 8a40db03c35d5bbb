using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Credentials;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>What signals may look at.</summary>
public sealed record ForensicMaterial
{
    private LumaPlane?[]? _planes;
    private Thumbnails? _thumbnails;
    private FaceMotion? _motion;

    /// <summary>Image, animation or video.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Container of the medium.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Thumbnails and native-resolution windows.</summary>
    public required FramePack Frames { get; init; }

    /// <summary>Faces of every sampled frame; null where they could not be read.</summary>
    public FaceIndex? Index { get; init; }

    /// <summary>First bytes of the medium as it was uploaded; empty where it was not read.</summary>
    public ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>How a film is encoded; null for what is none, or where it was not asked for.</summary>
    public EncodingFacts? Encoding { get; init; }

    /// <summary>The active C2PA manifest; null without one, or where it cannot be read.</summary>
    public ContentCredentials? Credentials { get; init; }

    /// <summary>Whether the file has the hash that <see cref="Credentials"/> ties it to.</summary>
    public CredentialCheck HashCheck { get; init; }

    /// <summary>Luma of the thumbnails, computed once.</summary>
    /// <exception cref="InvalidDataException">The pack's thumbnails are no RGB pictures.</exception>
    public Thumbnails Thumbnails => _thumbnails ??= Thumbnails.Read(Frames);

    /// <summary>How the most seen face moves, computed once.</summary>
    internal FaceMotion Motion => _motion ??= FaceMotion.Measure(this);

    /// <summary>Luma of a window, computed once.</summary>
    /// <param name="window">Number of the window.</param>
    /// <exception cref="InvalidDataException">The pack's window is no RGB picture.</exception>
    public LumaPlane Plane(int window)
    {
        var planes = _planes ??= new LumaPlane?[Frames.Windows.Count];
        return planes[window] ??= LumaPlane.Read(Frames.WindowPixels[window]);
    }
}
