using System.Buffers;
using Deepfake.FrameService.Extraction;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Packing;

/// <summary>Collects faces until a shard is full. The pixels live in buffers that are reused.</summary>
/// <param name="capacity">Crops of a shard.</param>
internal sealed class ShardBuffer(int capacity)
{
    private readonly byte[] _pixels = new byte[capacity * FacePack.CropBytes];
    private readonly ArrayBufferWriter<byte> _natives = new();
    private readonly List<CropInfo> _crops = new(capacity);

    /// <summary>Number of the shard that is being filled, from 0.</summary>
    public int Shard { get; private set; }

    /// <summary>Crops in it.</summary>
    public int Count => _crops.Count;

    /// <summary>Whether no crop fits any more.</summary>
    public bool IsFull => _crops.Count == capacity;

    /// <summary>Adds a crop.</summary>
    /// <returns>Its row.</returns>
    public int Add(ExtractedFace face)
    {
        face.Crop.CopyTo(_pixels.AsMemory(_crops.Count * FacePack.CropBytes));
        _natives.Write(face.Native.Span);
        _crops.Add(face.Info);
        return _crops.Count - 1;
    }

    /// <summary>What was collected, to be written before <see cref="Next"/>.</summary>
    public FacePack Pack()
    {
        var natives = new List<ReadOnlyMemory<byte>>(_crops.Count);
        var rest = _natives.WrittenMemory;
        foreach (var crop in _crops)
        {
            var bytes = crop.Native?.Bytes ?? 0;
            natives.Add(rest[..bytes]);
            rest = rest[bytes..];
        }

        return new FacePack(_pixels.AsMemory(0, _crops.Count * FacePack.CropBytes), [.. _crops], natives);
    }

    /// <summary>Begins the next shard.</summary>
    public void Next()
    {
        _crops.Clear();
        _natives.ResetWrittenCount();
        Shard++;
    }
}
