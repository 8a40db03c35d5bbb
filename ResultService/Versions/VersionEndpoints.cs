using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Api;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.ResultService.Versions;

/// <summary>Analysing a stored medium again, and comparing what came of it.</summary>
internal static class VersionEndpoints
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    public static void Map(RouteGroupBuilder group)
    {
        group.MapPost("/analyses/{id}/reprocess", ReprocessAsync).WithName("ReprocessAnalysis").WithSummary("Analyses the stored medium again with the models of now, as its next version.")
            .WithDescription("The version is an analysis of its own, `{id}_v2` and so on: watch, cancel and read it like any other. While one runs, asking again answers that one. `lane` is `batch` (default) or `interactive`.")
            .Produces<Analysis>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(410).ProducesProblem(503).RequireScope(Scopes.Write);
        group.MapGet("/analyses/{id}/versions", ListAsync).WithName("ListVersions").WithSummary("All analyses of the same stored medium, the first one first.")
            .Produces<VersionPage>().ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/versions/{version:int}", FindAsync).WithName("GetVersion").WithSummary("One of them.")
            .Produces<Analysis>().Produces(304).ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/versions/{version:int}/changes", CompareAsync).WithName("CompareVersions").WithSummary("What changed from another version, by default the one before.")
            .Produces<VersionChanges>().ProducesProblem(404).ProducesProblem(409).RequireScope(Scopes.Read);
    }

    private static async Task<IResult> ReprocessAsync(string id, HttpContext http, Reprocessor reprocessor, CancellationToken cancellationToken, string? lane = null)
    {
        if (lane is not (null or "" or "batch" or "interactive")) return Problem.Answer(ErrorCodes.InvalidRequest, "'lane' must be 'batch' or 'interactive'.");
        var caller = http.GetCaller();
        var allowed = caller.KeyId is { } key ? new Concurrency(key, caller.KeyConcurrency, caller.TenantConcurrency) : null;
        var outcome = await reprocessor.StartAsync(caller.Tenant, id, lane == "interactive" ? Lane.Interactive : Lane.Batch, allowed, cancellationToken);
        if (outcome.Run is { } run)
        {
            http.Response.Headers.CacheControl = "no-store";
            http.Response.Headers.Location = $"/v1/analyses/{run.Id}";
            return TypedResults.Json(run, DeepfakeJson.Options, statusCode: StatusCodes.Status202Accepted);
        }

        return Problem.Answer(outcome.Code!, outcome.Detail!, retryAfter: outcome.Code is ErrorCodes.BacklogFull or ErrorCodes.RateLimited ? RetryAfter : null);
    }

    private static async Task<IResult> ListAsync(string id, HttpContext http, AnalysisReader reader, VersionBook versions, CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        if (await reader.FindAsync(tenant, id, cancellationToken) is not { } named) return AnalysisEndpoints.NotFound();
        var first = named.ReprocessOf ?? id;
        var items = new List<VersionSummary>();
        foreach (var run in await versions.ListAsync(tenant, first, cancellationToken))
            if (await reader.FindAsync(tenant, run, cancellationToken) is { } analysis) items.Add(VersionSummary.Of(analysis));
        return Representation.Of(new VersionPage(first, items));
    }

    private static async Task<IResult> FindAsync(string id, int version, HttpContext http, AnalysisReader reader, CancellationToken cancellationToken) =>
        await ReadAsync(http, reader, id, version, cancellationToken) is { } analysis ? Representation.Of(analysis) : NoVersion();

    private static async Task<IResult> CompareAsync(string id, int version, HttpContext http, AnalysisReader reader, CancellationToken cancellationToken, int? from = null)
    {
        if (await ReadAsync(http, reader, id, version, cancellationToken) is not { } to
            || await ReadAsync(http, reader, id, from ?? version - 1, cancellationToken) is not { } before) return NoVersion();
        return to.CompletedAt is null || before.CompletedAt is null
            ? Problem.Answer(ErrorCodes.NotEnded, "Both versions have to be over.")
            : Representation.Of(VersionComparison.Compare(to.ReprocessOf ?? to.Id, before, to));
    }

    private static async Task<Analysis?> ReadAsync(HttpContext http, AnalysisReader reader, string id, int version, CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        if (version < 1 || await reader.FindAsync(tenant, id, cancellationToken) is not { } named) return null;
        return named.Version == version ? named : await reader.FindAsync(tenant, VersionBook.IdOf(named.ReprocessOf ?? id, version), cancellationToken);
    }

    private static IResult NoVersion() => Problem.Answer(ErrorCodes.NotFound, "There is no such version.");
}

/// <summary>The analyses of one stored medium.</summary>
/// <param name="AnalysisId">The first one.</param>
/// <param name="Items">By number; those that were removed are left out.</param>
internal sealed record VersionPage(string AnalysisId, IReadOnlyList<VersionSummary> Items);

/// <summary>One version in short.</summary>
internal sealed record VersionSummary
{
    /// <summary>Its number, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>Its own id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Verdict, as shown.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>What the machine said.</summary>
    public Verdict? MachineVerdict { get; init; }

    /// <summary>0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>0–100.</summary>
    public double? Confidence { get; init; }

    /// <summary>The models and what they said.</summary>
    public required IReadOnlyList<ModelResult> Models { get; init; }

    /// <summary>Code of a failed one.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>When it was asked for (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    public static VersionSummary Of(Analysis analysis) => new()
    {
        Version = analysis.Version,
        Id = analysis.Id,
        Status = analysis.Status,
        Verdict = analysis.Verdict,
        MachineVerdict = analysis.MachineVerdict,
        DeepfakeScore = analysis.DeepfakeScore,
        Confidence = analysis.Confidence,
        Models = analysis.Models,
        ErrorCode = analysis.Error?.Code,
        CreatedAt = analysis.CreatedAt,
        CompletedAt = analysis.CompletedAt,
    };
}
