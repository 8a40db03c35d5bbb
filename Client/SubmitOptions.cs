using System.Globalization;
using System.Text.Json;
using System.Xml;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>What is wanted of an analysis. What is null is left to the service.</summary>
public sealed record SubmitOptions
{
    /// <summary>Queue: <see cref="Contracts.Lane.Interactive"/> or <see cref="Contracts.Lane.Batch"/>.</summary>
    public Lane? Lane { get; init; }

    /// <summary>Who gets the completion notice: an https address, or the id of a webhook endpoint.</summary>
    public string? Webhook { get; init; }

    /// <summary>Which thresholds turn the probability into a verdict.</summary>
    public ThresholdProfile? Profile { get; init; }

    /// <summary>Whether heat maps are wanted.</summary>
    public bool? HeatMaps { get; init; }

    /// <summary>How long everything stays after the end.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Your own name for it, up to 200 characters.</summary>
    public string? Reference { get; init; }

    /// <summary>Up to 16 strings that come back with every answer.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Takes a finished result of the same bytes, options and models instead, if there is one. Not for files that go up in pieces.</summary>
    public bool Reuse { get; init; }

    /// <summary>Name of the file; null for the one it has.</summary>
    public string? FileName { get; init; }

    /// <summary>Key under which repetitions are one submission; null for a new one. Not for files that go up in pieces.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The options by their public names.</summary>
    internal IEnumerable<(string Name, string Value)> Fields()
    {
        if (Lane is { } lane) yield return ("lane", lane.ToString().ToLowerInvariant());
        if (Webhook is { } webhook) yield return ("webhook", webhook);
        if (Profile is { } profile) yield return ("profile", profile.ToString().ToLowerInvariant());
        if (HeatMaps is { } heatMaps) yield return ("heat_maps", heatMaps ? "true" : "false");
        if (Retention is { } retention) yield return ("retention", XmlConvert.ToString(retention));
        if (Reference is { } reference) yield return ("reference", reference);
        if (Metadata is { Count: > 0 } metadata) yield return ("metadata", JsonSerializer.Serialize(metadata));
    }

    internal string Query()
    {
        var fields = Fields().ToList();
        if (Reuse) fields.Add(("reuse", "true"));
        return fields.Count == 0 ? "" : "?" + string.Join('&', fields.Select(field => string.Create(CultureInfo.InvariantCulture, $"{field.Name}={Uri.EscapeDataString(field.Value)}")));
    }
}

/// <summary>How far an upload is.</summary>
/// <param name="Sent">Bytes handed to the network, or for a resumable upload stored by the service. Falls back when a try is repeated.</param>
/// <param name="Total">All bytes.</param>
public readonly record struct TransferProgress(long Sent, long Total);
