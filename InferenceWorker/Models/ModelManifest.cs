using System.Text.Json;
using System.Text.Json.Serialization;

namespace Deepfake.InferenceWorker.Models;

/// <summary>What a network takes in.</summary>
public enum ModelKind
{
    /// <summary>One crop in, one score out.</summary>
    Frame,

    /// <summary>The crops of a track in, one score out.</summary>
    Sequence,
}

/// <summary>What a network looks at.</summary>
public enum InputView
{
    /// <summary>The aligned crop, resampled to the network's size: the whole face and what is around it.</summary>
    Context,

    /// <summary>Patches of the face at its own resolution, scored one by one; their log-odds are averaged.</summary>
    Texture,
}

/// <summary>Order of the input's dimensions.</summary>
public enum TensorLayout
{
    /// <summary>Batch, channel, row, column.</summary>
    Nchw,

    /// <summary>Batch, row, column, channel.</summary>
    Nhwc,
}

/// <summary>Order of the input's channels.</summary>
public enum ColourOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red.</summary>
    Bgr,
}

/// <summary>What the network's score output holds.</summary>
public enum OutputKind
{
    /// <summary>One log-odds a crop.</summary>
    Logit,

    /// <summary>One probability a crop, or one a class.</summary>
    Probability,

    /// <summary>Two unnormalised class scores a crop.</summary>
    TwoClassLogits,
}

/// <summary>A model folder's <c>model.json</c>; <c>models/README.md</c> describes every field.</summary>
public sealed record ModelManifest
{
    /// <summary>Name, unique in the ensemble: 1–64 of a–z, 0–9, '.', '_', '-'.</summary>
    public required string Name { get; init; }

    /// <summary>Version, 1–32 characters.</summary>
    public required string Version { get; init; }

    /// <summary>Name of the architecture, for people.</summary>
    public required string Architecture { get; init; }

    /// <summary>Frame or sequence.</summary>
    public required ModelKind Kind { get; init; }

    /// <summary>Name of the network's file inside the folder.</summary>
    public string File { get; init; } = "model.onnx";

    /// <summary>SHA-256 of the file, 64 lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How a crop becomes the input.</summary>
    public required ModelInput Input { get; init; }

    /// <summary>How the output becomes a log-odds.</summary>
    public required ModelOutput Output { get; init; }

    /// <summary>How the log-odds becomes a probability.</summary>
    public required Calibration Calibration { get; init; }

    /// <summary>Weight in the ensemble, ≥ 0.</summary>
    public required double Weight { get; init; }

    /// <summary>Weight in force over the manifest's own: what an operator's decision does to a fitted weight. Not read from the file.</summary>
    [JsonIgnore]
    public double WeightFactor { get; init; } = 1;

    /// <summary>Weight that an operator gave; null where nobody did. Not read from the file.</summary>
    [JsonIgnore]
    public double? GivenWeight { get; init; }

    /// <summary>Other forms of the same network in the folder.</summary>
    public IReadOnlyList<ModelVariant> Variants { get; init; } = [];

    /// <summary>What <see cref="File"/> computes in. Not read from the file.</summary>
    [JsonIgnore]
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Terms of the weights.</summary>
    public required string Licence { get; init; }

    /// <summary>How many parameters it has.</summary>
    public long? Parameters { get; init; }

    /// <summary>What it was trained on, with terms; any JSON.</summary>
    public JsonElement? TrainingData { get; init; }

    /// <summary>Measured figures; any JSON.</summary>
    public JsonElement? Metrics { get; init; }

    /// <summary>The same model with the file of another form; itself where it has none.</summary>
    public ModelManifest In(Precision precision) =>
        Variants.FirstOrDefault(variant => variant.Precision == precision) is { } variant
            ? this with { File = variant.File, Sha256 = variant.Sha256, Precision = precision }
            : this;
}

/// <summary>Another form of a network: same input, same output, nearly the same scores.</summary>
public sealed record ModelVariant
{
    /// <summary>Numbers that it computes in.</summary>
    public required Precision Precision { get; init; }

    /// <summary>Name of its file inside the folder.</summary>
    public required string File { get; init; }

    /// <summary>SHA-256 of the file, 64 hex digits.</summary>
    public required string Sha256 { get; init; }
}

/// <summary>How a crop becomes the input of a network.</summary>
public sealed record ModelInput
{
    /// <summary>Side in pixels, 16–1024.</summary>
    public required int Size { get; init; }

    /// <summary>Order of the dimensions.</summary>
    public required TensorLayout Layout { get; init; }

    /// <summary>Order of the channels.</summary>
    public required ColourOrder Colour { get; init; }

    /// <summary>Three means in the order of <see cref="Colour"/>, for pixels in [0,1].</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>Three divisors &gt; 0 in the order of <see cref="Colour"/>, for pixels in [0,1].</summary>
    public required IReadOnlyList<float> Std { get; init; }

    /// <summary>Aligned crop or patches.</summary>
    public InputView View { get; init; }

    /// <summary>Side of what the network sees over the longer side of the face box, 0.5–1.6; for <see cref="InputView.Context"/> only.</summary>
    public float Margin { get; init; }

    /// <summary>Patches of a face at most, 1–10; for <see cref="InputView.Texture"/> only.</summary>
    public int Patches { get; init; } = 6;

    /// <summary>Whether the mirror image is scored too and the logits are averaged.</summary>
    public bool TtaFlip { get; init; }

    /// <summary>Crops of one sequence, 2–64; for <see cref="ModelKind.Sequence"/> only.</summary>
    public int? SequenceLength { get; init; }
}

/// <summary>How the output of a network becomes a log-odds.</summary>
public sealed record ModelOutput
{
    /// <summary>Name of the output with the score; null for the first one that is not <see cref="Cam"/>.</summary>
    public string? Name { get; init; }

    /// <summary>What it holds.</summary>
    public required OutputKind Kind { get; init; }

    /// <summary>Which class index means <em>manipulated</em>, 0 or 1.</summary>
    public int FakeIndex { get; init; } = 1;

    /// <summary>Name of the output with the class activation map; null for none.</summary>
    public string? Cam { get; init; }
}

/// <summary>Platt scaling: probability = sigmoid(A · logit + B).</summary>
/// <param name="A">Slope.</param>
/// <param name="B">Offset.</param>
public sealed record Calibration(double A, double B)
{
    /// <summary>The calibrated probability of a log-odds.</summary>
    public double Probability(double logit) => 1 / (1 + Math.Exp(-(A * logit + B)));
}
