using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Pictures;

namespace Deepfake.ResultService.Tests.Pictures;

public sealed class HeatMapPainterTests
{
    [Fact]
    public void A_map_covers_its_margin_and_nothing_else()
    {
        // A margin of 0.8 is the middle half of a crop: pixels 64 to 191.
        var evidence = HeatMapPainter.Evidence([Heat(0.8f, 2, [3, 3, 3, 3])]);

        Assert.Equal(3, evidence[128 * 256 + 128], 3);
        Assert.Equal(3, evidence[64 * 256 + 64], 3);
        Assert.Equal(3, evidence[191 * 256 + 191], 3);
        Assert.Equal(0, evidence[63 * 256 + 128]);
        Assert.Equal(0, evidence[128 * 256 + 192]);
    }

    [Fact]
    public void Between_the_middles_of_cells_it_is_bilinear()
    {
        // Two by two cells on the whole crop: their middles lie at pixels 63.5 and 191.5.
        var evidence = HeatMapPainter.Evidence([Heat(FacePack.Margin, 2, [0, 4, 0, 4])]);

        Assert.Equal(0, evidence[0], 3);
        Assert.Equal(0, evidence[100 * 256 + 63], 1);
        Assert.Equal(2, (evidence[100 * 256 + 127] + evidence[100 * 256 + 128]) / 2, 3);
        Assert.Equal(4, evidence[100 * 256 + 192], 1);
        Assert.Equal(4, evidence[100 * 256 + 255], 3);
    }

    [Fact]
    public void Models_count_by_their_weight()
    {
        var evidence = HeatMapPainter.Evidence([Heat(1.6f, 1, [4]) with { Weight = 3 }, Heat(1.6f, 1, [0]) with { Weight = 1 }]);
        Assert.All(evidence, value => Assert.Equal(3, value, 3));
    }

    [Fact]
    public void The_family_that_is_surest_of_a_fake_paints()
    {
        var fit = new FusionManifest
        {
            Version = "1",
            Models = new Dictionary<string, double> { ["net"] = 2, ["loud"] = 1, ["silent"] = 1, ["unweighted"] = 0, ["quiet"] = 1 },
            Families = new Dictionary<string, FamilyMembers> { ["one"] = new(-1, ["loud", "silent", "unweighted"]), ["other"] = new(-4, ["quiet"]) },
            Thresholds = VerdictThresholds.Default,
        };
        HeatMaps[] maps = [.. new[] { ("net", -2f), ("loud", 1f), ("silent", 0.25f), ("unweighted", 4f), ("quiet", 3f) }.Select(map => Heat(1.6f, 1, [map.Item2]).Maps with { Model = map.Item1 })];

        Assert.Equal([("loud", 1), ("silent", 1)], CropHeat.Counting(maps, 0, fit).Select(heat => (heat.Maps.Model, heat.Weight)));
        Assert.Equal(5, CropHeat.Counting(maps, 0, null).Count);
        Assert.Empty(CropHeat.Counting(maps, 1, null));
    }

    [Fact]
    public void Only_what_speaks_for_manipulation_is_painted()
    {
        var crop = new byte[FacePack.CropBytes];
        crop.AsSpan().Fill(100);
        var evidence = new float[256 * 256];
        (evidence[0], evidence[1], evidence[2]) = (-5, 4, 50);

        var painted = HeatMapPainter.Overlay(crop, evidence);

        Assert.Equal([100, 100, 100], painted[..3]);
        Assert.True(painted[3] > 140 && painted[3] > painted[4] && painted[4] > painted[5]);
        Assert.Equal([201, 35, 35], painted[6..9]); // 0.65 of full red over grey
        Assert.Equal([100, 100, 100], painted[^3..]);
    }

    private static CropHeat Heat(float margin, int side, double[] logOdds) =>
        new(new HeatMaps("m", margin, side, side, logOdds.Select(HeatMaps.FromLogOdds).ToArray()), 0, 1);
}
