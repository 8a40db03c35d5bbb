using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Turns crops of a face pack into the input of one network: central margin, resampling, channel order, normalisation, layout.
/// Allocates at construction only. Not thread-safe: it holds scratch memory.
/// </summary>
public sealed class CropPreprocessor
{
    private readonly ResampleTable _taps;
    private readonly TensorLayout _layout;
    private readonly bool _swap;
    private readonly int _size;
    private readonly int _rowFloats;
    private readonly float[] _source;
    private readonly float[] _line;
    private readonly Vector128<float> _scale;
    private readonly Vector128<float> _offset;

    /// <summary>Prepares for one kind of input.</summary>
    public CropPreprocessor(ModelInput input)
    {
        _size = input.Size;
        _layout = input.Layout;
        _swap = input.Colour == ColourOrder.Bgr;
        var length = FacePack.Side * (double)input.Margin / FacePack.Margin;
        _taps = ResampleTable.Create(FacePack.Side, Math.Max(0, (FacePack.Side - length) / 2), Math.Min(length, FacePack.Side), _size);
        _rowFloats = (_taps.End - _taps.Begin) * 3;
        _source = new float[(_taps.End - _taps.Begin) * _rowFloats];
        _line = new float[_rowFloats + 1]; // four lanes are read for three channels
        _scale = Vector128.Create(1 / (255 * input.Std[0]), 1 / (255 * input.Std[1]), 1 / (255 * input.Std[2]), 0);
        _offset = Vector128.Create(-input.Mean[0] / input.Std[0], -input.Mean[1] / input.Std[1], -input.Mean[2] / input.Std[2], 0);
    }

    /// <summary>Floats of one crop in the input tensor.</summary>
    public int Floats => 3 * _size * _size;

    /// <summary>Writes one crop.</summary>
    /// <param name="crop">RGB, <see cref="FacePack.Side"/> squared, row-major.</param>
    /// <param name="tensor">Takes <see cref="Floats"/> numbers in the network's layout.</param>
    /// <param name="mirrored">Takes the same of the mirror image; empty for none.</param>
    public void Write(ReadOnlySpan<byte> crop, Span<float> tensor, Span<float> mirrored)
    {
        if (crop.Length != FacePack.CropBytes) throw new ArgumentException($"A crop has {FacePack.CropBytes} bytes, not {crop.Length}.", nameof(crop));
        if (tensor.Length < Floats || (!mirrored.IsEmpty && mirrored.Length < Floats)) throw new ArgumentException($"A crop needs {Floats} floats.", nameof(tensor));

        for (var y = _taps.Begin; y < _taps.End; y++)
        {
            var row = crop.Slice((y * FacePack.Side + _taps.Begin) * 3, _rowFloats);
            TensorPrimitives.ConvertTruncating(row, _source.AsSpan((y - _taps.Begin) * _rowFloats, _rowFloats));
        }

        for (var y = 0; y < _size; y++)
        {
            BlendRows(y);
            WriteRow(y, tensor, mirrored);
        }
    }

    private void BlendRows(int y)
    {
        var line = _line.AsSpan(0, _rowFloats);
        var weights = _taps.Weights[y];
        var first = _taps.First[y] - _taps.Begin;
        TensorPrimitives.Multiply(_source.AsSpan(first * _rowFloats, _rowFloats), weights[0], line);
        for (var k = 1; k < weights.Length; k++)
            TensorPrimitives.MultiplyAdd(_source.AsSpan((first + k) * _rowFloats, _rowFloats), weights[k], line, line);
    }

    private void WriteRow(int y, Span<float> tensor, Span<float> mirrored)
    {
        ref var line = ref MemoryMarshal.GetArrayDataReference(_line);
        for (var x = 0; x < _size; x++)
        {
            var weights = _taps.Weights[x];
            var offset = (_taps.First[x] - _taps.Begin) * 3;
            var sum = Vector128<float>.Zero;
            for (var k = 0; k < weights.Length; k++, offset += 3)
                sum += Vector128.LoadUnsafe(ref line, (nuint)offset) * weights[k];
            if (_swap) sum = Vector128.Shuffle(sum, Vector128.Create(2, 1, 0, 3));
            var pixel = sum * _scale + _offset;
            Store(pixel, tensor, y, x);
            if (!mirrored.IsEmpty) Store(pixel, mirrored, y, _size - 1 - x);
        }
    }

    private void Store(Vector128<float> pixel, Span<float> tensor, int y, int x)
    {
        var at = y * _size + x;
        var step = _size * _size;
        if (_layout == TensorLayout.Nhwc)
        {
            at *= 3;
            step = 1;
        }

        tensor[at] = pixel[0];
        tensor[at + step] = pixel[1];
        tensor[at + 2 * step] = pixel[2];
    }
}
