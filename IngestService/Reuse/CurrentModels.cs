using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Reuse;

/// <summary>
/// Which models would look at a medium now. Told by the models folder (<c>Models:Path</c>) where this host has it; elsewhere by the
/// tenant's newest completed analysis that models took part in.
/// </summary>
internal sealed class CurrentModels(IHistoryStore history, IConfiguration configuration)
{
    private const int Recent = 20;
    /// <summary>The models folder, whether this host has it or not.</summary>
    public string Folder { get; } = ModelsFolder.Of(configuration);

    /// <summary>Names with versions; null where nothing tells.</summary>
    public async Task<IReadOnlySet<string>?> FindAsync(string tenant, CancellationToken cancellationToken) =>
        ReadFolder() ?? await ReadHistoryAsync(tenant, cancellationToken);

    /// <summary>What took part in a result.</summary>
    public static IReadOnlySet<string> Of(Analysis analysis) => analysis.Models.Select(model => Name(model.Name, model.Version)).ToHashSet();

    private HashSet<string>? ReadFolder()
    {
        try
        {
            var models = new HashSet<string>();
            var disabled = ModelsFolder.Disabled(Folder);
            // A folder with a dot is one that is being added.
            foreach (var manifest in Directory.EnumerateDirectories(Folder).Where(folder => !Path.GetFileName(folder).StartsWith('.')).Select(folder => Path.Combine(folder, "model.json")).Where(File.Exists))
            {
                using var json = JsonDocument.Parse(File.ReadAllBytes(manifest));
                var name = json.RootElement.GetProperty("name").GetString()!;
                if (!disabled.Contains(name)) models.Add(Name(name, json.RootElement.GetProperty("version").GetString()!));
            }

            return models.Count > 0 ? models : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // no folder, or one that the workers will complain about
        }
    }

    private async Task<IReadOnlySet<string>?> ReadHistoryAsync(string tenant, CancellationToken cancellationToken)
    {
        var page = await history.ListAsync(tenant, new HistoryQuery { Status = AnalysisStatus.Completed, Limit = Recent }, cancellationToken);
        foreach (var summary in page.Items)
        {
            if (await history.FindAsync(tenant, summary.Id, cancellationToken) is { Models.Count: > 0 } newest) return Of(newest);
        }

        return null;
    }

    private static string Name(string name, string version) => $"{name} {version}";
}
