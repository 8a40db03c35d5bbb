using System.Text.Json.Serialization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Deepfake.ResultService.Removal;

/// <summary>Removing analyses, the receipts of that, and how long a tenant keeps them.</summary>
internal static class RemovalEndpoints
{
    private const int PageSize = 100;
    private const int MaxDays = 36500;

    public static void Map(RouteGroupBuilder group)
    {
        group.MapDelete("/analyses/{id}", DeleteAsync).WithName("DeleteAnalysis").WithSummary("Removes an analysis with its medium, pictures, versions and records.")
            .WithDescription("Answers with a receipt, which stays readable at `/v1/deletions/{deletionId}`.")
            .Produces<DeletionReceipt>().ProducesProblem(404).RequireScope(Scopes.Write);
        group.MapGet("/deletions/{deletionId}", FindAsync).WithName("GetDeletion").WithSummary("The receipt of a removal.")
            .Produces<DeletionReceipt>().ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/deletions", ListAsync).WithName("ListDeletions").WithSummary("Receipts by id, which is the order in which the analyses were submitted.")
            .Produces<DeletionPage>().RequireScope(Scopes.Read);
        group.MapGet("/retention", FindRuleAsync).WithName("GetRetention").WithSummary("How long analyses stay that say nothing of their own.")
            .Produces<RetentionDocument>().RequireScope(Scopes.Read);
        group.MapPut("/retention", SetRuleAsync).WithName("SetRetention").WithSummary("Sets how long analyses stay that say nothing of their own.")
            .Produces<RetentionDocument>().ProducesProblem(400).RequireScope(Scopes.Admin);
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, AnalysisRemover remover, CancellationToken cancellationToken)
    {
        var caller = http.GetCaller();
        return await remover.RemoveAsync(caller.Tenant, id, DeletionReasons.Request, caller.KeyId, cancellationToken) is { } receipt
            ? Json(receipt)
            : Problem.Answer(ErrorCodes.NotFound, "There is no such analysis.");
    }

    private static async Task<IResult> FindAsync(string deletionId, HttpContext http, IDocumentStore<Deletion> deletions, CancellationToken cancellationToken) =>
        await deletions.FindAsync(http.GetCaller().Tenant, deletionId, cancellationToken) is { Value.Receipt: { } receipt }
            ? Json(receipt)
            : Problem.Answer(ErrorCodes.NotFound, "There is no such receipt, or the removal is not over.");

    private static async Task<IResult> ListAsync(HttpContext http, IDocumentStore<Deletion> deletions, CancellationToken cancellationToken, string? after = null)
    {
        var page = await deletions.ListAsync(http.GetCaller().Tenant, string.IsNullOrEmpty(after) ? null : after, PageSize, cancellationToken);
        return Json(new DeletionPage([.. page.Select(document => document.Value.Receipt).OfType<DeletionReceipt>()], page.Count == PageSize ? page[^1].Id : null));
    }

    private static async Task<IResult> FindRuleAsync(HttpContext http, RetentionRules rules, CancellationToken cancellationToken) =>
        Json(RetentionDocument.Of(await rules.FindAsync(http.GetCaller().Tenant, cancellationToken)));

    private static async Task<IResult> SetRuleAsync(RetentionDocument rule, HttpContext http, RetentionRules rules, CancellationToken cancellationToken)
    {
        if (rule.Days is not (null or (> 0 and <= MaxDays))) return Problem.Answer(ErrorCodes.InvalidRequest, "'days' must be above 0 and at most 36500, or null to keep everything.");
        await rules.SetAsync(http.GetCaller().Tenant, rule.Days is { } days ? TimeSpan.FromDays(days) : null, cancellationToken);
        return Json(rule);
    }

    private static JsonHttpResult<T> Json<T>(T value) => TypedResults.Json(value, DeepfakeJson.Options);
}

/// <summary>One page of receipts.</summary>
/// <param name="Items">By id.</param>
/// <param name="NextAfter">Value of <c>after</c> for the next page; null on the last one.</param>
internal sealed record DeletionPage(IReadOnlyList<DeletionReceipt> Items, string? NextAfter);

/// <summary>How long analyses stay.</summary>
internal sealed record RetentionDocument
{
    /// <summary>Days after the end of an analysis, fractions allowed; null for as long as nobody deletes it.</summary>
    [JsonRequired]
    public double? Days { get; init; }

    public static RetentionDocument Of(TimeSpan? keepFor) => new() { Days = keepFor?.TotalDays };
}
