namespace Deepfake.IngestService.Submission;

/// <summary>Owners of analyses. There is one until API keys name others.</summary>
internal static class Tenants
{
    public const string Default = "default";
}
