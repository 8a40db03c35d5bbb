using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Patches of the native square, whole pixels, never resampled. A square that is smaller than a patch is mirrored at its edges.
/// </summary>
internal sealed class TextureView : IFaceView
{
    private readonly int _size;
    private readonly TensorLayout _layout;
    private readonly float[][] _values;
    private readonly int[] _sources;
    private readonly (int Left, int Top)[] _corners;
    private readonly int[] _columns;

    /// <summary>Prepares for one kind of input.</summary>
    public TextureView(ModelInput input)
    {
        _size = input.Size;
        _layout = input.Layout;
        _corners = new (int, int)[input.Patches];
        _columns = new int[_size];
        _sources = input.Colour == ColourOrder.Rgb ? [0, 1, 2] : [2, 1, 0];
        // 256 grey levels: what a pixel becomes is known beforehand.
        _values = [.. Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 256).Select(grey => (grey / 255f - input.Mean[c]) / input.Std[c]).ToArray())];
    }

    public int Floats => 3 * _size * _size;

    public int Rows(FacePixels face) => PatchPlaces.Find(SquareOf(face).Landmarks, SquareOf(face).Side, _size, _corners);

    public void Write(FacePixels face, Span<float> rows)
    {
        var square = SquareOf(face);
        var count = PatchPlaces.Find(square.Landmarks, square.Side, _size, _corners);
        for (var i = 0; i < count; i++) Write(face.Native.Span, square.Side, _corners[i], rows.Slice(i * Floats, Floats));
    }

    private static NativeInfo SquareOf(FacePixels face) => face.Square ?? throw new InvalidDataException("The face pack shows no face at its own resolution.");

    private void Write(ReadOnlySpan<byte> pixels, int side, (int Left, int Top) corner, Span<float> tensor)
    {
        // As much before the square as half of what it lacks.
        var before = Math.Max(_size - side, 0) / 2;
        for (var x = 0; x < _size; x++) _columns[x] = 3 * Mirrored(corner.Left + x - before, side);
        for (var y = 0; y < _size; y++)
        {
            var row = pixels.Slice(Mirrored(corner.Top + y - before, side) * side * 3, side * 3);
            for (var c = 0; c < 3; c++)
            {
                var (values, source) = (_values[c], _sources[c]);
                if (_layout == TensorLayout.Nchw)
                {
                    var line = tensor.Slice((c * _size + y) * _size, _size);
                    for (var x = 0; x < line.Length; x++) line[x] = values[row[_columns[x] + source]];
                }
                else
                {
                    for (var x = 0; x < _size; x++) tensor[(y * _size + x) * 3 + c] = values[row[_columns[x] + source]];
                }
            }
        }
    }

    /// <summary>A place outside 0 … side − 1 as its mirror image inside, the edge itself twice.</summary>
    private static int Mirrored(int at, int side)
    {
        var place = (at % (2 * side) + 2 * side) % (2 * side);
        return place < side ? place : 2 * side - 1 - place;
    }
}
