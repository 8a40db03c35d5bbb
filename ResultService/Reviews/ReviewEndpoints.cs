using Deepfake.Contracts;
using Deepfake.ResultService.Api;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.ResultService.Reviews;

/// <summary>A person's verdict above the machine's, and what reviewers labelled as ground truth.</summary>
internal static class ReviewEndpoints
{
    private const int MaxNote = 2000;
    private const string LocalReviewer = "local";

    public static void Map(RouteGroupBuilder group)
    {
        group.MapPut("/analyses/{id}/review", ReviewAsync).WithName("ReviewAnalysis").WithSummary("Records a reviewer's verdict, which is shown above the machine's.")
            .WithDescription("Signed with the key's id and the time; holds for every version of the medium. Earlier reviews stay readable.")
            .Produces<Analysis>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).RequireScope(Scopes.Review);
        group.MapGet("/analyses/{id}/review", FindAsync).WithName("GetReviews").WithSummary("All reviews of the medium, the latest last.")
            .Produces<ReviewFile>().ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/ground-truth", Export).WithName("ExportGroundTruth").WithSummary("Every reviewed medium with hash, label and scores: NDJSON, or CSV with `format=csv`.")
            .Produces<TruthLine>(200, contentType: "application/x-ndjson", "text/csv").ProducesProblem(400).RequireScope(Scopes.Review);
    }

    private static async Task<IResult> ReviewAsync(
        string id, ReviewRequest request, HttpContext http, AnalysisReader reader, ReviewBook reviews, TimeProvider time, CancellationToken cancellationToken)
    {
        var note = string.IsNullOrWhiteSpace(request.Note) ? null : request.Note.Trim();
        if (note is not null && (note.Length > MaxNote || note.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t'))))
            return Problem.Answer(ErrorCodes.InvalidRequest, "'note' is at most 2000 characters without control characters.");
        var caller = http.GetCaller();
        if (await reader.FindAsync(caller.Tenant, id, cancellationToken) is not { } analysis) return AnalysisEndpoints.NotFound();
        if (analysis.CompletedAt is null) return Problem.Answer(ErrorCodes.NotEnded, "The analysis is not over.");
        if (analysis.MachineVerdict is null) return Problem.Answer(ErrorCodes.NoVerdict, "The analysis ended without a verdict: there is nothing to review.");
        var review = new Review { Verdict = request.Verdict, Note = note, ReviewedBy = caller.KeyId ?? LocalReviewer, ReviewedAt = time.GetUtcNow() };
        return await reviews.AddAsync(caller.Tenant, analysis, review, cancellationToken) && await reader.FindAsync(caller.Tenant, id, cancellationToken) is { } shown
            ? TypedResults.Json(shown, DeepfakeJson.Options)
            : AnalysisEndpoints.NotFound();
    }

    private static async Task<IResult> FindAsync(string id, HttpContext http, AnalysisReader reader, ReviewBook reviews, CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        if (await reader.FindAsync(tenant, id, cancellationToken) is not { } analysis) return AnalysisEndpoints.NotFound();
        return await reviews.FindAsync(tenant, analysis.ReprocessOf ?? id, cancellationToken) is { } file
            ? Representation.Of(file)
            : Problem.Answer(ErrorCodes.NotFound, "Nobody reviewed this analysis.");
    }

    private static IResult Export(HttpContext http, ReviewBook reviews, string? format = null) => format is null or "" or "ndjson" or "csv"
        ? new GroundTruth(reviews, http.GetCaller().Tenant, format == "csv")
        : Problem.Answer(ErrorCodes.InvalidRequest, "'format' must be 'ndjson' or 'csv'.");
}

/// <summary>What a reviewer says.</summary>
internal sealed record ReviewRequest
{
    /// <summary>The verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why; at most 2000 characters.</summary>
    public string? Note { get; init; }
}
