using System.Text.Json;
using System.Text.Json.Nodes;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>The network weighs the mean of a sequence's four crops by 0.001, 0.01, 0.1 and 1; the probability is made of that sum.</summary>
public sealed class SequenceSessionTests
{
    [Fact]
    public void A_track_is_scored_in_the_order_of_time_and_every_crop_of_it_gets_the_score()
    {
        using var session = Load();
        // Rows out of order, and another track between them.
        var pack = Pack((1, 0.3, 255), (2, 0.0, 51), (1, 0.1, 0), (1, 0.0, 0), (1, 0.2, 0));
        var scores = session.Score(pack, CancellationToken.None);
        Assert.All((int[])[0, 2, 3, 4], row => Assert.Equal(Sigmoid(1), scores[row], 1e-5));
        Assert.Equal(Sigmoid(0.2 * 1.111), scores[1], 1e-5);
    }

    [Theory]
    [InlineData(1, 4, new[] { 0, 0, 0, 0 })]
    [InlineData(2, 4, new[] { 0, 0, 1, 1 })]
    [InlineData(4, 4, new[] { 0, 1, 2, 3 })]
    [InlineData(10, 4, new[] { 0, 3, 6, 9 })]
    [InlineData(3, 5, new[] { 0, 1, 1, 2, 2 })]
    public void Crops_are_taken_evenly_with_the_ends(int count, int length, int[] expected) => Assert.Equal(expected, SequenceSession.Spread(count, length));

    [Fact]
    public void A_network_of_another_length_is_refused()
    {
        var error = Assert.Throws<ModelRejectedException>(() => Load(length: 5));
        Assert.Contains("not float32 [N,5,3,16,16]", error.Message, StringComparison.Ordinal);
        Assert.Throws<ModelRejectedException>(() => Load("weighted_nchw"));
    }

    [Fact]
    public async Task It_joins_the_ensemble_beside_frame_models()
    {
        using var models = new TestModels();
        models.Add("weighted_nchw");
        models.Add("sequence_places", Sequence(4));
        using var engine = new ScoringEngine(
            Options.Create(new InferenceOptions { Threads = 1 }), Options.Create(new ModelOptions { Path = models.Path }), new RunWatch(TimeProvider.System), new Logger<ScoringEngine>(new LoggerFactory()));
        await engine.StartAsync(CancellationToken.None);
        var scores = (await engine.ScoreAsync(Pack((1, 0, 255), (1, 1, 255)), Lane.Batch, null, CancellationToken.None)).Models;
        Assert.Equal(["weighted-nchw", "sequence-places"], scores.Select(model => model.Name));
        Assert.All(scores, model => Assert.Equal((2, null), (model.Scores.Count, model.Error)));
        Assert.Equal(Sigmoid(1.111), scores[1].Scores[0], 1e-5);
        await engine.StopAsync(CancellationToken.None);
    }

    internal static Action<JsonObject> Sequence(int length) => json =>
    {
        json["kind"] = "sequence";
        var input = json["input"]!.AsObject();
        (input["sequence_length"], input["mean"], input["std"]) = (length, new JsonArray(0, 0, 0), new JsonArray(1, 1, 1));
    };

    private static SequenceSession Load(string network = "sequence_places", int length = 4)
    {
        var json = TestModels.Manifest(network);
        Sequence(length)(json);
        return SequenceSession.Load(json.Deserialize<ModelManifest>(DeepfakeJson.Options)!, TestModels.Network(network), new CpuExecutionProvider(), TestModels.Shape);
    }

    private static FacePack Pack(params (int Track, double Seconds, byte Value)[] crops) => new(
        crops.SelectMany(crop => TestCrops.Flat(crop.Value)).ToArray(),
        [.. crops.Select(crop => TestCrops.Pack(TestCrops.Flat(0)).Crops[0] with { TrackId = crop.Track, Seconds = crop.Seconds })]);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
