using System.Diagnostics;
using System.Reflection;
using Deepfake.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Deepfake.ServiceDefaults;

/// <summary>What <c>/health</c> says beside its status: for people, and for clients of earlier systems, which look for <c>"status": "healthy"</c>.</summary>
internal static class HealthAnswer
{
    private const string Self = "self", Models = "models";

    private static readonly string Version =
        typeof(HealthAnswer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Writes the report; checks say what they found in one sentence, never exceptions.</summary>
    public static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        using var process = Process.GetCurrentProcess();
        await context.Response.WriteAsJsonAsync(
            new Answer(
                Word(report.Status), "Deepfake.Aspire", Version,
                report.Entries.TryGetValue(Models, out var models) ? new Readiness(models.Status != HealthStatus.Unhealthy, models.Description) : null,
                new Resources(Environment.ProcessorCount, process.WorkingSet64, Math.Round((DateTime.UtcNow - process.StartTime.ToUniversalTime()).TotalSeconds)),
                report.Entries.Where(entry => entry.Key is not (Self or Models)).ToDictionary(entry => entry.Key, entry => Word(entry.Value.Status))),
            DeepfakeJson.Options, context.RequestAborted);
    }

    private static string Word(HealthStatus status) => status.ToString().ToLowerInvariant();

    private sealed record Answer(string Status, string App, string Version, Readiness? Models, Resources Resources, IReadOnlyDictionary<string, string> Dependencies);

    private sealed record Readiness(bool Ready, string? Detail);

    private sealed record Resources(int CpuCount, long MemoryBytes, double UptimeSeconds);
}
