using Deepfake.FrameService.Faces;

namespace Deepfake.FrameService.Sampling;

/// <summary>A frame as 16 × 16 luma values: enough to see a cut or a black frame, cheap enough for every candidate.</summary>
internal sealed class SceneSignature
{
    private const int Cells = 16, SamplesPerCell = 3;

    /// <summary>Mean difference of luma (0–255) above which two neighbouring candidates belong to different scenes.</summary>
    public const double CutThreshold = 30;

    /// <summary>Mean luma below which a frame is black.</summary>
    public const double BlackThreshold = 20;

    private readonly byte[] _cells = new byte[Cells * Cells];

    /// <summary>Looks at a frame.</summary>
    public SceneSignature(RgbView frame)
    {
        var sum = 0;
        for (var row = 0; row < Cells; row++)
        {
            for (var column = 0; column < Cells; column++) sum += _cells[row * Cells + column] = Cell(frame, row, column);
        }

        Brightness = (double)sum / _cells.Length;
    }

    /// <summary>Mean luma, 0–255.</summary>
    public double Brightness { get; }

    /// <summary>Whether the frame is as good as black.</summary>
    public bool IsBlack => Brightness < BlackThreshold;

    /// <summary>Mean difference of the cells, 0–255.</summary>
    public double DifferenceTo(SceneSignature other)
    {
        var sum = 0;
        for (var i = 0; i < _cells.Length; i++) sum += Math.Abs(_cells[i] - other._cells[i]);
        return (double)sum / _cells.Length;
    }

    private static byte Cell(RgbView frame, int row, int column)
    {
        var sum = 0;
        for (var j = 0; j < SamplesPerCell; j++)
        {
            var y = (int)((row + (j + 0.5) / SamplesPerCell) / Cells * frame.Height);
            for (var i = 0; i < SamplesPerCell; i++)
            {
                var at = (y * frame.Width + (int)((column + (i + 0.5) / SamplesPerCell) / Cells * frame.Width)) * 3;
                sum += 77 * frame.Pixels[at] + 150 * frame.Pixels[at + 1] + 29 * frame.Pixels[at + 2];
            }
        }

        return (byte)(sum / (SamplesPerCell * SamplesPerCell) >> 8);
    }
}
