using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Headers;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;

namespace Deepfake.ForensicsWorker.Compression;

/// <summary>
/// A window of a decoded JPEG, as the file stores it: turned back where EXIF had it turned, with the grid and the table of its last
/// compression. Coefficients come from these pixels, not from the file: no entropy decoder runs in a service (docs/decisions/0004).
/// </summary>
/// <param name="Plane">Luma.</param>
/// <param name="Face">The face in it.</param>
/// <param name="Left">Column where the first whole block begins, 0–7.</param>
/// <param name="Top">Row where it begins, 0–7.</param>
/// <param name="Table">Quantisation table of the luma, zigzag order.</param>
internal sealed record JpegPixels(LumaPlane Plane, Box Face, int Left, int Top, int[] Table)
{
    private const float MaxScale = 1.02f;

    /// <summary>The medium's only window.</summary>
    /// <returns>The window, or why there is none.</returns>
    public static (JpegPixels? Pixels, string Reason) Read(ForensicMaterial material)
    {
        if (material.Format != MediaFormat.Jpeg) return (null, "Not a JPEG.");
        if (material.Frames.Windows.Count == 0) return (null, "No face was found.");
        if (JpegHeader.Parse(material.Head.Span) is not { Components.Count: > 0 } header || header.Table(header.Components[0].Table) is not { } table)
            return (null, "The JPEG's quantisation table cannot be read.");
        var (window, plane) = (material.Frames.Windows[0], material.Plane(0));
        if (window.Origin.Width > MaxScale * plane.Width) return (null, "The picture is too large to be decoded pixel for pixel.");

        var orientation = ImageMetadata.Read(material.Format, material.Head.Span).Exif?.Orientation ?? 1;
        var turned = orientation >= 5;
        var (width, height) = turned ? (header.Height, header.Width) : (header.Width, header.Height);
        // The grid starts at the stored picture's top left corner, which may be shown at any corner.
        var left = Phase(orientation is 2 or 3 or 6 or 7 ? width : 0, window.Origin.X);
        var top = Phase(orientation is 3 or 4 or 7 or 8 ? height : 0, window.Origin.Y);
        var face = window.Face;
        return turned
            ? (new JpegPixels(Transpose(plane), new Box(face.Y, face.X, face.Height, face.Width), top, left, table), "")
            : (new JpegPixels(plane, face, left, top, table), "");
    }

    /// <summary>Coefficients of the wanted blocks on the grid and off it.</summary>
    public (float[] Aligned, float[] Shifted) Coefficients(Func<float, float, bool>? wanted = null) =>
        (BlockTransform.Grid(Plane, Left, Top, wanted), BlockTransform.Grid(Plane, (Left + 4) % 8, (Top + 4) % 8, wanted));

    private static int Phase(int corner, float origin) => (((corner - (int)Math.Round(origin)) % 8) + 8) % 8;

    private static LumaPlane Transpose(LumaPlane plane)
    {
        var pixels = new float[plane.Pixels.Length];
        for (var y = 0; y < plane.Height; y++)
            for (var x = 0; x < plane.Width; x++)
                pixels[x * plane.Height + y] = plane.Pixels[y * plane.Width + x];
        return new LumaPlane(pixels, plane.Height, plane.Width);
    }
}
