using System.Reflection;

namespace Deepfake.Standalone.Evaluate;

/// <summary>What made the figures, so that two evaluations can be told apart.</summary>
internal sealed record EvaluationRun
{
    private static readonly string Product =
        typeof(EvaluationRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>When the figures were made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Version of the product.</summary>
    public string ServiceVersion { get; init; } = Product;

    /// <summary>Version of the fitted fusion; null without one.</summary>
    public string? FusionVersion { get; init; }

    /// <summary>Models that scored, with every version that did.</summary>
    public IReadOnlyList<ModelVersion> Models { get; init; } = [];

    /// <summary>The set, as it was named.</summary>
    public required string Directory { get; init; }

    /// <summary>Pattern of the groups that are one medium; null for none.</summary>
    public string? GroupBy { get; init; }

    /// <summary>Pattern of the clusters that are resampled together; null for the groups.</summary>
    public string? ClusterBy { get; init; }

    /// <summary>Rounds of resampling.</summary>
    public required int Rounds { get; init; }

    /// <summary>Whether each kind of fakes is measured by itself.</summary>
    public bool Protocol { get; init; }

    /// <summary>How media were degraded for more scorings.</summary>
    public IReadOnlyList<string> Degrade { get; init; } = [];
}
