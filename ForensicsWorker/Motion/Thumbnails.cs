using Deepfake.ForensicsWorker.Images;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Motion;

/// <summary>Luma of the sampled frames, small.</summary>
/// <param name="Frames">One plane a sampled frame, all of one size.</param>
/// <param name="Seconds">Their media times, ascending.</param>
public sealed record Thumbnails(IReadOnlyList<LumaPlane> Frames, IReadOnlyList<double> Seconds)
{
    /// <summary>Reads them out of a pack.</summary>
    /// <exception cref="InvalidDataException">The pack's thumbnails are no RGB pictures.</exception>
    public static Thumbnails Read(FramePack pack)
    {
        var tensor = pack.Thumbnails;
        if (tensor.Shape is not [var count, var height, var width, 3] || tensor.Data.Length != (long)count * height * width * 3)
            throw new InvalidDataException("The thumbnails are no RGB pictures.");
        var size = width * height * 3;
        var frames = new LumaPlane[size == 0 ? 0 : count];
        for (var i = 0; i < frames.Length; i++) frames[i] = new LumaPlane(LumaPlane.Convert(tensor.Data.Span.Slice(i * size, size)), width, height);
        return new Thumbnails(frames, pack.Seconds.Count == frames.Length ? pack.Seconds : [.. Enumerable.Range(0, frames.Length).Select(i => (double)i)]);
    }
}
