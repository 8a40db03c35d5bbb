using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.IngestService.Reuse;

namespace Deepfake.IngestService.Compat;

/// <summary>Answer of <c>GET /api/models/info</c>, <c>/info</c> and <c>/model-info</c>.</summary>
public sealed record ModelsInfo
{
    /// <summary>Models that took part in the tenant's newest result, or, before the first one, those that are installed here.</summary>
    public required IReadOnlyList<ModelInfo> Models { get; init; }

    /// <summary>Weight of each in the ensemble, by name.</summary>
    public required IReadOnlyDictionary<string, double> Weights { get; init; }

    /// <summary>Parameters of all together; null where this host has no models folder.</summary>
    public long? Parameters { get; init; }

    /// <summary>What they ran on last; null before the first result.</summary>
    public string? Device { get; init; }

    /// <summary>Where verdicts begin, 0–100; null where nothing tells yet.</summary>
    public ScoreThresholds? Thresholds { get; init; }
}

/// <summary>One model.</summary>
/// <param name="Name">Name from its manifest.</param>
/// <param name="Version">Version.</param>
/// <param name="Architecture">Architecture; null where this host has no models folder.</param>
/// <param name="Parameters">Parameters; null likewise.</param>
/// <param name="Weight">Weight in the ensemble; null before the first result without a fitted fusion.</param>
public sealed record ModelInfo(string Name, string Version, string? Architecture, long? Parameters, double? Weight);

/// <summary>
/// What is known here of the models: the newest result of the tenant says what ran and how it was weighed, the models folder, where this
/// host has one, what they are.
/// </summary>
internal sealed class OldModels(CurrentModels current, IHistoryStore history)
{
    private const int Recent = 20;

    /// <summary>Reads both.</summary>
    public async Task<ModelsInfo> ReadAsync(string tenant, CancellationToken cancellationToken)
    {
        var installed = ReadManifests();
        var fusion = ReadFusion();
        var newest = await FindNewestAsync(tenant, cancellationToken);
        var models = newest is null
            ? installed.Values.Select(manifest => manifest with { Weight = Weight(fusion, manifest.Name) }).ToList()
            : newest.Models.Select(model => new ModelInfo(
                model.Name, model.Version, installed.GetValueOrDefault(model.Name)?.Architecture, installed.GetValueOrDefault(model.Name)?.Parameters, model.Weight)).ToList();
        return new ModelsInfo
        {
            Models = models,
            Weights = models.Where(model => model.Weight is not null).ToDictionary(model => model.Name, model => model.Weight!.Value),
            Parameters = models.Count > 0 && models.TrueForAll(model => model.Parameters is not null) ? models.Sum(model => model.Parameters) : null,
            Device = newest?.Models.Select(model => model.Provider).FirstOrDefault(),
            Thresholds = newest?.Thresholds ?? Thresholds(fusion),
        };
    }

    private async Task<Analysis?> FindNewestAsync(string tenant, CancellationToken cancellationToken)
    {
        var page = await history.ListAsync(tenant, new HistoryQuery { Status = AnalysisStatus.Completed, Limit = Recent }, cancellationToken);
        foreach (var summary in page.Items)
            if (await history.FindAsync(tenant, summary.Id, cancellationToken) is { Models.Count: > 0 } newest) return newest;
        return null;
    }

    private Dictionary<string, ModelInfo> ReadManifests()
    {
        var models = new Dictionary<string, ModelInfo>();
        if (!Directory.Exists(current.Folder)) return models;
        foreach (var folder in Directory.EnumerateDirectories(current.Folder).Order(StringComparer.Ordinal))
        {
            if (Read(Path.Combine(folder, "model.json")) is not { } manifest || Text(manifest, "name") is not { } name || Text(manifest, "version") is not { } version) continue;
            models[name] = new ModelInfo(name, version, Text(manifest, "architecture"), manifest.TryGetProperty("parameters", out var count) && count.TryGetInt64(out var parameters) ? parameters : null, null);
        }

        return models;
    }

    private JsonElement? ReadFusion() => Read(Path.Combine(current.Folder, "fusion.json"));

    private static double? Weight(JsonElement? fusion, string name) =>
        fusion is { } json && json.TryGetProperty("models", out var weights) && weights.TryGetProperty(name, out var weight) ? weight.GetDouble() : null;

    private static ScoreThresholds? Thresholds(JsonElement? fusion) =>
        fusion is { } json && json.TryGetProperty("thresholds", out var from) && from.TryGetProperty("suspicious", out var suspicious) && from.TryGetProperty("manipulated", out var manipulated)
            ? new ScoreThresholds(Math.Round(suspicious.GetDouble() * 100, 2), Math.Round(manipulated.GetDouble() * 100, 2))
            : null;

    /// <summary>A file that the workers may complain about is none here.</summary>
    private static JsonElement? Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
