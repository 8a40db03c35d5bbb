using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>Model folders made of the committed tiny networks.</summary>
internal sealed class TestModels : IDisposable
{
    public static readonly RunShape Shape = new(2, 1, 8, 0.25, Spread: true);

    public string Path { get; } = Directory.CreateTempSubdirectory("deepfake-models-").FullName;

    public static string Network(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Networks", name + ".onnx");

    /// <summary>A valid manifest of a network; change what the test is about.</summary>
    public static JsonObject Manifest(string network, string? name = null) => new()
    {
        ["name"] = name ?? network.Replace('_', '-'),
        ["version"] = "1.0.0",
        ["architecture"] = "tiny",
        ["kind"] = "frame",
        ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Network(network)))),
        ["input"] = new JsonObject
        {
            ["size"] = 16,
            ["layout"] = "nchw",
            ["colour"] = "rgb",
            ["mean"] = new JsonArray(0.485, 0.456, 0.406),
            ["std"] = new JsonArray(0.229, 0.224, 0.225),
            ["margin"] = 1.3,
        },
        ["output"] = new JsonObject { ["kind"] = "logit" },
        ["calibration"] = new JsonObject { ["a"] = 1, ["b"] = 0 },
        ["weight"] = 1,
        ["licence"] = "MIT",
        ["a_field_of_the_future"] = "is ignored",
    };

    public static ModelSession Load(string network, Action<JsonObject>? change = null, RunShape? shape = null)
    {
        var json = Manifest(network);
        change?.Invoke(json);
        return ModelSession.Load(json.Deserialize<ModelManifest>(DeepfakeJson.Options)!, Network(network), new CpuExecutionProvider(), shape ?? Shape);
    }

    /// <summary>Writes a model folder.</summary>
    public void Add(string network, Action<JsonObject>? change = null, string? folder = null)
    {
        var json = Manifest(network, folder);
        change?.Invoke(json);
        var path = Directory.CreateDirectory(System.IO.Path.Combine(Path, folder ?? network)).FullName;
        File.Copy(Network(network), System.IO.Path.Combine(path, "model.onnx"));
        File.WriteAllText(System.IO.Path.Combine(path, ModelFolder.ManifestName), json.ToJsonString());
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
