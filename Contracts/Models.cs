using System.Text.Json;

namespace Deepfake.Contracts;

/// <summary>A model folder as an operator sees it.</summary>
public sealed record RegisteredModel
{
    /// <summary>Name from its manifest, or of its folder where the manifest cannot be read.</summary>
    public required string Name { get; init; }

    /// <summary>Version; <c>unknown</c> without a manifest.</summary>
    public required string Version { get; init; }

    /// <summary>Architecture, for people.</summary>
    public string? Architecture { get; init; }

    /// <summary>Whether it takes part by the operator's decision.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Whether it is loaded and scores in the process that answers.</summary>
    public required bool Loaded { get; init; }

    /// <summary>Weight of the operator, else of the manifest, ≥ 0.</summary>
    public required double Weight { get; init; }

    /// <summary>Weight that an operator gave; null where nobody did.</summary>
    public double? GivenWeight { get; init; }

    /// <summary>
    /// Whether the fit (<c>fusion.json</c>) names it. False: it observes, unless <c>given_weight</c> is above 0. Null: the folder holds no
    /// fit, and every model counts by its weight.
    /// </summary>
    public bool? InFusion { get; init; }

    /// <summary>What it runs on; null when it is not loaded.</summary>
    public string? Provider { get; init; }

    /// <summary>Why it is not loaded although it is enabled; null otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>SHA-256 of the network, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Parameters.</summary>
    public long? Parameters { get; init; }

    /// <summary>Terms of the weights.</summary>
    public string? Licence { get; init; }

    /// <summary>The models of a service.</summary>
    /// <param name="Models">By name.</param>
    /// <param name="Error">Why the operators' decisions are not followed; null when they are.</param>
    public sealed record ModelList(IReadOnlyList<RegisteredModel> Models, string? Error = null);
}

/// <summary>A model to add: its manifest, and where the network is.</summary>
public sealed record ModelAddition
{
    /// <summary>What becomes <c>model.json</c>; its <c>sha256</c> may be left out.</summary>
    public required JsonElement Manifest { get; init; }

    /// <summary>https address of the ONNX file; redirects are followed to public addresses only.</summary>
    public required Uri Url { get; init; }

    /// <summary>SHA-256 that the file must have, 64 hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Weight to begin with, 0–1000, as if it had been given afterwards; null for none. It lets a model count that the fit does not know.</summary>
    public double? Weight { get; init; }
}

/// <summary>What to change; null leaves it.</summary>
/// <param name="Enabled">Whether it takes part.</param>
/// <param name="Weight">Weight, 0–1000: on the model's logit where the fit does not know it, else in place of the manifest's.</param>
public sealed record ModelSettings(bool? Enabled, double? Weight);
