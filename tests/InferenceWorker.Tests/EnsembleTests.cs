using System.Text.Json.Nodes;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

public sealed class EnsembleTests : IDisposable
{
    private readonly TestModels _models = new();

    [Fact]
    public void Every_folder_with_a_valid_manifest_joins()
    {
        _models.Add("weighted_nchw");
        _models.Add("two_classes", m => m["output"]!["kind"] = "two_class_logits");
        Directory.CreateDirectory(Path.Combine(_models.Path, "no-model-here"));
        using var ensemble = Load();
        Assert.Equal(["two-classes", "weighted-nchw"], ensemble.Sessions.Select(s => s.Manifest.Name));
        Assert.Empty(ensemble.Unavailable);
        Assert.All(ensemble.Sessions, session => Assert.Equal("cpu", session.Provider));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_an_empty_ensemble()
    {
        using var ensemble = Ensemble.Load(Path.Combine(_models.Path, "nowhere"), new CpuExecutionProvider(), TestModels.Shape, NullLogger.Instance, default);
        Assert.Empty(ensemble.Sessions);
        Assert.Empty(ensemble.Unavailable);
    }

    [Fact]
    public void The_models_of_the_product_load_and_score()
    {
        using var ensemble = Ensemble.Load(Path.Combine(AppContext.BaseDirectory, "models"), new CpuExecutionProvider(), TestModels.Shape, NullLogger.Instance, default);
        Assert.NotEmpty(ensemble.Sessions);
        Assert.Empty(ensemble.Unavailable);
        Assert.All(ensemble.Sessions, session =>
        {
            var score = new float[1];
            session.Score([TestCrops.NativeFace()], score);
            Assert.InRange(score[0], 0, 1);
        });
    }

    [Fact]
    public void In_integers_the_models_that_have_such_a_form_say_nearly_the_same()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "models");
        using var floats = Ensemble.Load(path, new CpuExecutionProvider(), TestModels.Shape, NullLogger.Instance, default);
        using var integers = Ensemble.Load(path, new CpuExecutionProvider(), TestModels.Shape with { Precision = Precision.Int8 }, NullLogger.Instance, default);
        Assert.Empty(integers.Unavailable);
        Assert.Contains("cpu int8", integers.Providers);
        foreach (var (one, other) in floats.Sessions.Zip(integers.Sessions))
        {
            Assert.Equal(one.Manifest.Variants.Count > 0 ? "cpu int8" : "cpu", other.Provider);
            float[] said = new float[1], again = new float[1];
            one.Score([TestCrops.NativeFace()], said);
            other.Score([TestCrops.NativeFace()], again);
            // Noise, which ranges were not measured on; what faces lose stands in each model.json.
            Assert.Equal(said[0], again[0], 0.25);
        }
    }

    [Theory]
    [InlineData("variants", "[{\"precision\": \"int8\", \"file\": \"../x.onnx\", \"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\"}]", "variants")]
    [InlineData("variants", "[null]", "variants")]
    [InlineData("variants", "null", "variants")]
    [InlineData("name", null, "name")]
    [InlineData("name", "\"Not A Name\"", "name")]
    [InlineData("version", "\"\"", "version")]
    [InlineData("kind", "\"oracle\"", "kind")]
    [InlineData("sha256", "\"abc\"", "sha256")]
    [InlineData("file", "\"../../etc/passwd\"", "file")]
    [InlineData("file", "\"/etc/passwd\"", "file")]
    [InlineData("file", "\"missing.onnx\"", "missing.onnx")]
    [InlineData("weight", "-1", "weight")]
    [InlineData("weight", "\"heavy\"", "weight")]
    [InlineData("input", "null", "input")]
    [InlineData("input.size", null, "size")]
    [InlineData("input.size", "100000", "input.size")]
    [InlineData("input.margin", "1.7", "input.margin")]
    [InlineData("input.view", "\"x-ray\"", "input.view")]
    [InlineData("input.mean", "[1,2]", "input.mean")]
    [InlineData("input.std", "[1,0,1]", "input.std")]
    [InlineData("input.colour", "\"cmyk\"", "colour")]
    [InlineData("output.fake_index", "2", "fake_index")]
    [InlineData("calibration", null, "calibration")]
    [InlineData("calibration.a", "null", "calibration")]
    public void A_manifest_that_is_wrong_is_named_and_the_rest_goes_on(string field, string? value, string mentions)
    {
        _models.Add("weighted_nchw");
        _models.Add("with_cam", m => Change(m, field, value), "broken");
        using var ensemble = Load();
        Assert.Equal("weighted-nchw", Assert.Single(ensemble.Sessions).Manifest.Name);
        var broken = Assert.Single(ensemble.Unavailable);
        Assert.Equal("broken", broken.Name);
        Assert.Contains(mentions, broken.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(_models.Path, broken.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    public void A_manifest_that_is_no_JSON_object_is_refused(string text)
    {
        _models.Add("weighted_nchw");
        File.WriteAllText(Path.Combine(_models.Path, "weighted_nchw", ModelFolder.ManifestName), text);
        using var ensemble = Load();
        Assert.Contains("model.json", Assert.Single(ensemble.Unavailable).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_with_another_hash_is_refused()
    {
        _models.Add("weighted_nchw", m => m["sha256"] = new string('0', 64));
        using var ensemble = Load();
        var model = Assert.Single(ensemble.Unavailable);
        Assert.Contains("SHA-256", model.Error, StringComparison.Ordinal);
        Assert.Equal(("weighted-nchw", "1.0.0", 1.0), (model.Name, model.Version, model.Weight));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(3000)]
    public void A_corrupt_network_is_refused(int keep)
    {
        _models.Add("weighted_nchw");
        var folder = Path.Combine(_models.Path, "weighted_nchw");
        var bytes = File.ReadAllBytes(Path.Combine(folder, "model.onnx"))[..keep];
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), bytes);
        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, ModelFolder.ManifestName)))!;
        manifest["sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        File.WriteAllText(Path.Combine(folder, ModelFolder.ManifestName), manifest.ToJsonString());
        using var ensemble = Load();
        Assert.Equal("the network cannot be loaded or run", Assert.Single(ensemble.Unavailable).Error);
    }

    [Fact]
    public void The_second_model_of_a_name_is_refused()
    {
        _models.Add("weighted_nchw", folder: "first");
        _models.Add("weighted_nchw", m => m["name"] = "first", folder: "second");
        using var ensemble = Load();
        Assert.Single(ensemble.Sessions);
        Assert.Contains("same name", Assert.Single(ensemble.Unavailable).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_that_is_missing_is_replaced_by_the_CPU()
    {
        Assert.Equal("cpu", ExecutionProviders.Choose(new InferenceOptions { Device = Device.Cpu }, NullLogger.Instance).Provider.Name);
        var log = new ListLogger();
        var (provider, missing) = ExecutionProviders.Choose(new InferenceOptions { Device = Device.Cuda, CudaPlugin = "/nowhere/libnothing.so" }, log);
        Assert.Equal("cpu", provider.Name);
        Assert.NotNull(missing);
        Assert.Contains(log.Warnings, line => line.Contains(missing, StringComparison.Ordinal));
    }

    public void Dispose() => _models.Dispose();

    private Ensemble Load() => Ensemble.Load(_models.Path, new CpuExecutionProvider(), TestModels.Shape, NullLogger.Instance, default);

    private static void Change(JsonObject manifest, string path, string? value)
    {
        var parts = path.Split('.');
        var owner = parts.Length == 1 ? manifest : manifest[parts[0]]!.AsObject();
        owner.Remove(parts[^1]);
        if (value is not null) owner[parts[^1]] = JsonNode.Parse(value);
    }
}
