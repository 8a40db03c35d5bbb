namespace Deepfake.Infrastructure.Objects;

/// <summary>
/// Names of objects. Keys are generated, never taken from a user, and start with tenant and analysis, so that one prefix holds
/// everything of an analysis. Stages write fixed keys: doing a stage twice overwrites and leaves no orphan.
/// </summary>
public static class ObjectKeys
{
    /// <summary>Prefix of everything that belongs to an analysis, with its trailing slash.</summary>
    public static string Prefix(string tenant, string analysisId) => $"{tenant}/{analysisId}/";

    /// <summary>The medium as it was uploaded.</summary>
    public static string Media(string tenant, string analysisId) => $"{tenant}/{analysisId}/media";

    /// <summary>Face pack of one shard.</summary>
    public static string FacePack(string tenant, string analysisId, int shard) => $"{tenant}/{analysisId}/faces-{shard:D4}.safetensors";

    /// <summary>Frame pack.</summary>
    public static string FramePack(string tenant, string analysisId) => $"{tenant}/{analysisId}/frames.safetensors";

    /// <summary>The face index.</summary>
    public static string Index(string tenant, string analysisId) => $"{tenant}/{analysisId}/index.json";
}
