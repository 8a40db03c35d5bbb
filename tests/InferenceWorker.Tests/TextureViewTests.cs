using System.Text.Json.Nodes;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>References: what the code that the nets are trained with gives, printed by Networks/make_networks.py.</summary>
public sealed class TextureViewTests
{
    /// <summary>Side of the square, six points, left upper corners of the patches of 16 px, mean log-odds.</summary>
    public static TheoryData<int, int[], int[], double> Faces => new()
    {
        { 112, [42, 44, 70, 44, 56, 58, 56, 74, 28, 50, 84, 50], [34, 36, 62, 36, 48, 51, 48, 66, 31, 54, 65, 54], -0.08847 },
        { 96, [30, 40, 52, 31, 52, 48, 54, 64, 20, 50, 78, 36], [22, 33, 47, 21, 40, 42, 46, 56, 27, 51, 58, 37], 0.17550 },
        { 12, [4, 4, 8, 4, 6, 6, 6, 8, 2, 5, 10, 5], [0, 0], -0.07483 },
        { 128, [-10, -20, 130, -12, 60, 60, 58, 140, -80, 0, 210, 10], [0, 0, 112, 0, 51, 54, 50, 112, 0, 69, 112, 71], -0.11904 },
        { 64, [32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32], [23, 24, 24, 30], 0.11967 },
    };

    [Theory]
    [MemberData(nameof(Faces))]
    public void Patches_lie_where_training_took_them_and_their_log_odds_are_averaged(int side, int[] points, int[] expected, double logit)
    {
        var corners = new (int Left, int Top)[6];
        var found = PatchPlaces.Find([.. points.Select(value => (float)value)], side, 16, corners);
        Assert.Equal(expected, corners[..found].SelectMany(corner => new[] { corner.Left, corner.Top }));
        Assert.Equal(Sigmoid(logit), Score(Texture, Face(side, points)), 1e-5);
    }

    [Fact]
    public void Bgr_and_nhwc_reach_the_network()
    {
        var face = Face(112, [42, 44, 70, 44, 56, 58, 56, 74, 28, 50, 84, 50]);
        Action<JsonObject> one = m => m["input"]!["patches"] = 1;
        var plain = Score(Texture + one, face);
        var turned = face with { Native = Swapped(face.Native.Span) };
        Assert.NotEqual(plain, Score(Texture + one, turned), 1e-4f);
        Assert.Equal(plain, Score(Texture + one + (m => ToBgr(m["input"]!)), turned), 1e-5f);
        // The same pixels in the other order of the dimensions: weights fall on other numbers.
        Assert.NotEqual(plain, Score(Texture + one + (m => m["input"]!["layout"] = "nhwc"), face, "weighted_nhwc"), 1e-4f);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    public void Faces_of_one_and_of_many_patches_score_together_as_one_by_one(int maxBatch)
    {
        using var session = TestModels.Load("weighted_nchw", Texture, TestModels.Shape with { MaxBatch = maxBatch });
        FacePixels[] kinds = [.. Faces.Select(face => Face((int)face[0], (int[])face[1]))];
        FacePixels[] faces = [.. Enumerable.Range(0, 17).Select(i => kinds[i * 3 % kinds.Length])];
        var single = new float[1];
        var expected = faces.Select(face =>
        {
            session.Score([face], single);
            return single[0];
        }).ToArray();
        Assert.True(expected.Distinct().Count() >= 5);
        for (var count = 0; count <= faces.Length; count++)
        {
            var scores = new float[count];
            session.Score(faces[..count], scores);
            for (var i = 0; i < count; i++) Assert.Equal(expected[i], scores[i], 1e-5f);
        }
    }

    [Fact]
    public void A_face_without_its_own_resolution_is_an_error_not_a_score()
    {
        using var session = TestModels.Load("weighted_nchw", Texture);
        Assert.Throws<InvalidDataException>(() => session.Score([TestCrops.Face(TestCrops.Pattern(0))], new float[1]));
    }

    [Fact]
    public void A_fixed_batch_must_hold_all_patches_of_a_face()
    {
        Assert.Throws<ModelRejectedException>(() => TestModels.Load("weighted_fixed_batch", Texture));
        using var session = TestModels.Load("weighted_fixed_batch", Texture + (m => m["input"]!["patches"] = 4));
        Assert.Equal([4], session.Buckets);
    }

    [Theory]
    [InlineData("patches", "0")]
    [InlineData("patches", "11")]
    [InlineData("size", "520")]
    [InlineData("tta_flip", "true")]
    public void What_the_texture_view_cannot_do_is_refused_by_name(string field, string value)
    {
        using var models = new TestModels();
        models.Add("weighted_nchw", Texture + (m => m["input"]![field] = JsonNode.Parse(value)));
        Assert.Contains(field, Assert.Throws<ModelRejectedException>(() => ModelFolder.ReadManifest(Path.Combine(models.Path, "weighted_nchw"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_texture_view_has_no_heat_maps()
    {
        using var models = new TestModels();
        models.Add("with_cam", Texture + (m => m["output"]!["cam"] = "cam"));
        Assert.Contains("output.cam", Assert.Throws<ModelRejectedException>(() => ModelFolder.ReadManifest(Path.Combine(models.Path, "with_cam"))).Message, StringComparison.Ordinal);
    }

    private static readonly Action<JsonObject> Texture = manifest =>
    {
        manifest["input"]!["view"] = "texture";
        manifest["input"]!.AsObject().Remove("margin");
    };

    private static void ToBgr(JsonNode input)
    {
        input["colour"] = "bgr";
        // Given in the order of the channels.
        (input["mean"], input["std"]) = (new JsonArray(0.485, 0.456, 0.406), new JsonArray(0.229, 0.224, 0.225));
    }

    private static float Score(Action<JsonObject> change, FacePixels face, string network = "weighted_nchw")
    {
        using var session = TestModels.Load(network, change);
        var score = new float[1];
        session.Score([face], score);
        return score[0];
    }

    private static byte[] Swapped(ReadOnlySpan<byte> pixels)
    {
        var swapped = pixels.ToArray();
        for (var i = 0; i < swapped.Length; i += 3) (swapped[i], swapped[i + 2]) = (swapped[i + 2], swapped[i]);
        return swapped;
    }

    /// <summary>A face whose square is the left upper corner of the pattern.</summary>
    private static FacePixels Face(int side, int[] points)
    {
        var pattern = TestCrops.Pattern(0);
        var square = new byte[side * side * 3];
        for (var y = 0; y < side; y++) pattern.AsSpan(y * 768, side * 3).CopyTo(square.AsSpan(y * side * 3));
        return new FacePixels(pattern, square, new NativeInfo(side, [.. points.Select(value => (float)value)]));
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
