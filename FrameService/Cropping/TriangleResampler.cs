using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Deepfake.FrameService.Faces;

namespace Deepfake.FrameService.Cropping;

/// <summary>
/// Resizes a rectangle of a picture with a triangle filter that widens when shrinking (antialiased bilinear), rows first because
/// they vectorise. What lies outside the picture counts as black. Keeps its buffers; one caller at a time.
/// </summary>
internal sealed class TriangleResampler
{
    private readonly Axis _columns = new(), _rows = new();
    private float[] _row = [];

    /// <summary>Writes [height, width, 3] floats in 0–255.</summary>
    /// <param name="picture">Source.</param>
    /// <param name="x">Left edge of the rectangle in source pixels.</param>
    /// <param name="y">Top edge.</param>
    /// <param name="sourceWidth">Its width.</param>
    /// <param name="sourceHeight">Its height.</param>
    /// <param name="width">Columns to write.</param>
    /// <param name="height">Rows to write.</param>
    /// <param name="target">width × height × 3 floats.</param>
    public void Resample(RgbView picture, float x, float y, float sourceWidth, float sourceHeight, int width, int height, Span<float> target)
    {
        _columns.Build(picture.Width, x, sourceWidth, width);
        _rows.Build(picture.Height, y, sourceHeight, height);
        int left = _columns.Lowest, right = _columns.Highest;
        if (left >= right)
        {
            target[..(width * height * 3)].Clear();
            return;
        }

        var rowLength = (right - left) * 3;
        if (_row.Length < rowLength) _row = new float[rowLength];
        var row = _row.AsSpan(0, rowLength);
        for (var j = 0; j < height; j++)
        {
            var output = target.Slice(j * width * 3, width * 3);
            var (first, weights) = _rows.Of(j);
            if (weights.IsEmpty)
            {
                output.Clear();
                continue;
            }

            row.Clear();
            for (var k = 0; k < weights.Length; k++)
                Accumulate(picture.Pixels.Slice(((first + k) * picture.Width + left) * 3, rowLength), weights[k], row);
            Across(row, left, output, width);
        }
    }

    private void Across(ReadOnlySpan<float> row, int left, Span<float> output, int width)
    {
        for (var i = 0; i < width; i++)
        {
            var (first, weights) = _columns.Of(i);
            float r = 0, g = 0, b = 0;
            var source = row[Math.Min((first - left) * 3, row.Length)..];
            for (var k = 0; k < weights.Length; k++)
            {
                var w = weights[k];
                r += w * source[3 * k];
                g += w * source[3 * k + 1];
                b += w * source[3 * k + 2];
            }

            output[3 * i] = r;
            output[3 * i + 1] = g;
            output[3 * i + 2] = b;
        }
    }

    private static void Accumulate(ReadOnlySpan<byte> source, float weight, Span<float> sum)
    {
        var i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            var factor = Vector128.Create(weight);
            for (; i + 16 <= source.Length; i += 16)
            {
                var (low, high) = Vector128.Widen(Vector128.Create(source.Slice(i, 16)));
                var (a, b) = Vector128.Widen(low);
                var (c, d) = Vector128.Widen(high);
                var into = MemoryMarshal.Cast<float, Vector128<float>>(sum.Slice(i, 16));
                into[0] += factor * Vector128.ConvertToSingle(a.AsInt32());
                into[1] += factor * Vector128.ConvertToSingle(b.AsInt32());
                into[2] += factor * Vector128.ConvertToSingle(c.AsInt32());
                into[3] += factor * Vector128.ConvertToSingle(d.AsInt32());
            }
        }

        for (; i < source.Length; i++) sum[i] += weight * source[i];
    }

    /// <summary>Which source pixels make up each target pixel along one axis, and how much.</summary>
    private sealed class Axis
    {
        private int[] _first = [], _count = [];
        private float[] _weights = [];
        private int _taps;

        public int Lowest { get; private set; }

        public int Highest { get; private set; }

        public AxisEntry Of(int i) => new(_first[i], _weights.AsSpan(i * _taps, _count[i]));

        public void Build(int length, float offset, float extent, int count)
        {
            var scale = extent / count;
            var support = Math.Max(1f, scale);
            _taps = 2 * (int)MathF.Ceiling(support) + 2;
            if (_first.Length < count) (_first, _count) = (new int[count], new int[count]);
            if (_weights.Length < count * _taps) _weights = new float[count * _taps];
            (Lowest, Highest) = (int.MaxValue, int.MinValue);
            for (var i = 0; i < count; i++)
            {
                var centre = offset + (i + 0.5f) * scale - 0.5f;
                int from = (int)MathF.Ceiling(centre - support), to = (int)MathF.Floor(centre + support);
                int first = Math.Max(from, 0), last = Math.Min(to, length - 1);
                var total = 0f;
                for (var k = from; k <= to; k++) total += Math.Max(0, 1 - Math.Abs(k - centre) / support);
                _first[i] = Math.Min(first, length);
                _count[i] = Math.Max(0, last - first + 1);
                for (var k = first; k <= last; k++) _weights[i * _taps + k - first] = Math.Max(0, 1 - Math.Abs(k - centre) / support) / total;
                if (_count[i] == 0) continue;
                Lowest = Math.Min(Lowest, first);
                Highest = Math.Max(Highest, last + 1);
            }
        }
    }

    private readonly ref struct AxisEntry(int first, ReadOnlySpan<float> weights)
    {
        private readonly ReadOnlySpan<float> _weights = weights;

        public void Deconstruct(out int start, out ReadOnlySpan<float> taps)
        {
            start = first;
            taps = _weights;
        }
    }
}
