using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Pictures;

/// <summary>The maps of one crop by one model.</summary>
/// <param name="Maps">The model's maps.</param>
/// <param name="Row">Row of the crop.</param>
/// <param name="Weight">Weight of the model in the fusion, &gt; 0.</param>
public readonly record struct CropHeat(HeatMaps Maps, int Row, double Weight)
{
    /// <summary>The maps of a crop that made its score: those of weighted models of the family that is surest of a fake.</summary>
    /// <param name="maps">One entry a model.</param>
    /// <param name="row">Row of the crop.</param>
    /// <param name="fit">The fit; null for none: all count the same.</param>
    public static List<CropHeat> Counting(IReadOnlyList<HeatMaps> maps, int row, FusionManifest? fit)
    {
        var families = fit?.AllFamilies().ToList();
        return maps.Where(map => (row + 1) * map.Height * map.Width <= map.Cells.Length)
            .Select(map => new CropHeat(map, row, fit?.Models.GetValueOrDefault(map.Model) ?? 1)).Where(heat => heat.Weight > 0)
            .GroupBy(heat => families?.Find(family => family.Models.Contains(heat.Maps.Model)))
            .MaxBy(family => (family.Key?.Intercept ?? 0) + family.Sum(heat => heat.Weight * heat.LogOdds()))?.ToList() ?? [];
    }

    private double LogOdds()
    {
        var sum = 0.0;
        foreach (var cell in Maps[Row].Span) sum += HeatMaps.ToLogOdds(cell);
        return sum / (Maps.Height * Maps.Width);
    }
}

/// <summary>Lays over a crop what speaks for manipulation in it.</summary>
public static class HeatMapPainter
{
    /// <summary>Log-odds at which the colour is strongest; a place reaches twice the mean of a clear case, and 8 is the most a map can hold.</summary>
    private const float Full = 8;
    private const float Opacity = 0.65f;

    /// <summary>
    /// Log-odds that each pixel of a crop adds, by all models: their maps, bilinear between the middles of their cells, averaged by
    /// weight. 0 where no model looked.
    /// </summary>
    /// <param name="heat">One entry a model.</param>
    /// <returns><see cref="FacePack.Side"/> squared numbers, row after row.</returns>
    public static float[] Evidence(IReadOnlyList<CropHeat> heat)
    {
        var evidence = new float[FacePack.Side * FacePack.Side];
        var total = (float)heat.Sum(model => model.Weight);
        foreach (var (maps, row, weight) in heat)
        {
            var cells = maps[row].Span;
            var side = FacePack.Side * maps.Margin / FacePack.Margin;
            int first = (int)MathF.Ceiling((FacePack.Side - side) / 2 - 0.5f), last = FacePack.Side - 1 - first;
            for (var y = first; y <= last; y++)
            {
                var (top, bottom, down) = Between(y, side, maps.Height);
                for (var x = first; x <= last; x++)
                {
                    var (left, right, across) = Between(x, side, maps.Width);
                    var upper = float.Lerp(At(cells, top * maps.Width + left), At(cells, top * maps.Width + right), across);
                    var lower = float.Lerp(At(cells, bottom * maps.Width + left), At(cells, bottom * maps.Width + right), across);
                    evidence[y * FacePack.Side + x] += float.Lerp(upper, lower, down) * (float)weight / total;
                }
            }
        }

        return evidence;
    }

    /// <summary>The crop with what speaks for manipulation in yellow to red. What speaks against it stays as it is.</summary>
    /// <param name="crop">RGB, <see cref="FacePack.CropBytes"/> bytes.</param>
    /// <param name="evidence">Of <see cref="Evidence"/>.</param>
    public static byte[] Overlay(ReadOnlySpan<byte> crop, ReadOnlySpan<float> evidence)
    {
        var painted = crop.ToArray();
        for (var i = 0; i < evidence.Length; i++)
        {
            var strength = Math.Clamp(evidence[i] / Full, 0, 1);
            var pixel = painted.AsSpan(3 * i, 3);
            var alpha = Opacity * strength;
            pixel[0] = (byte)(float.Lerp(pixel[0], 255, alpha) + 0.5f);
            pixel[1] = (byte)(float.Lerp(pixel[1], 220 * (1 - strength), alpha) + 0.5f);
            pixel[2] = (byte)(float.Lerp(pixel[2], 0, alpha) + 0.5f);
        }

        return painted;
    }

    private static float At(ReadOnlySpan<byte> cells, int i) => HeatMaps.ToLogOdds(cells[i]);

    private static (int Low, int High, float Share) Between(int pixel, float side, int cells)
    {
        var at = Math.Clamp((pixel + 0.5f - (FacePack.Side - side) / 2) / side * cells - 0.5f, 0, cells - 1);
        var low = (int)at;
        return (low, Math.Min(low + 1, cells - 1), at - low);
    }
}
