namespace Deepfake.ResultService;

/// <summary>Owners of analyses.</summary>
internal static class Tenants
{
    /// <summary>The one tenant of an installation without keys.</summary>
    public const string Default = "default";
}
