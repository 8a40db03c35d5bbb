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

    /// <summary>Heat maps of one shard.</summary>
    public static string HeatMaps(string tenant, string analysisId, int shard) => $"{tenant}/{analysisId}/heat-{shard:D4}.safetensors";

    /// <summary>Frame pack.</summary>
    public static string FramePack(string tenant, string analysisId) => $"{tenant}/{analysisId}/frames.safetensors";

    /// <summary>Thumbnails of the frames that are shown after the end: a frame pack without windows.</summary>
    public static string ShownFrames(string tenant, string analysisId) => $"{tenant}/{analysisId}/shown.safetensors";

    /// <summary>The face index.</summary>
    public static string Index(string tenant, string analysisId) => $"{tenant}/{analysisId}/index.json";

    /// <summary>
    /// Guards the stores against a defect of ours: a key is 1–512 characters of letters, digits and <c>. _ - /</c>, without empty,
    /// <c>.</c> or <c>..</c> parts.
    /// </summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static void ThrowIfInvalid(string key)
    {
        if (key.Length is 0 or > 512 || !key.All(IsAllowed) || key.Split('/').Any(part => part is "" or "." or ".."))
            throw new ArgumentException($"'{key}' is no object key.", nameof(key));
    }

    /// <summary>Prefixes to delete below end with a slash, so that <c>an_1/</c> never takes <c>an_10/</c> along.</summary>
    /// <exception cref="ArgumentException">It does not, or is no key otherwise.</exception>
    public static void ThrowIfNotPrefix(string prefix)
    {
        if (!prefix.EndsWith('/')) throw new ArgumentException($"'{prefix}' does not end with a slash.", nameof(prefix));
        ThrowIfInvalid(prefix[..^1]);
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/';
}
