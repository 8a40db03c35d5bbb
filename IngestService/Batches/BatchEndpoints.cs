using Deepfake.Contracts;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary><c>/v1/batches</c>.</summary>
internal static class BatchEndpoints
{
    private const int MaxPage = 50;

    public static void Map(IEndpointRouteBuilder app, string document)
    {
        var group = app.MapGroup("/v1/batches").WithGroupName(document).WithTags("Batches").AddEndpointFilter<RejectionFilter>();
        group.MapPost("", SubmitAsync).RequireScope(Scopes.Write)
            .WithName(BatchDocumentation.Submit).WithSummary("Submits several files together.")
            .WithDescription("A form with parts named `file`, or JSON `{\"items\": [{\"url\": …}, {\"upload_id\": …}], …}` with options for all and for each. An item that cannot be analysed is marked "
                + "`rejected`, with its error; it never fails the rest.")
            .Produces<Batch>(202).ProducesProblem(400).ProducesProblem(413).ProducesProblem(422).ProducesProblem(503);
        group.MapGet("", ListAsync).RequireScope(Scopes.Read)
            .WithName("ListBatches").WithSummary("Lists batches, newest first, without their items.").Produces<BatchPage>().ProducesProblem(400);
        group.MapGet("/{id}", GetAsync).RequireScope(Scopes.Read)
            .WithName("GetBatch").WithSummary("A batch: progress, every item with its result, and a summary.").Produces<Batch>().ProducesProblem(404);
        group.MapPost("/{id}/cancel", CancelAsync).RequireScope(Scopes.Write)
            .WithName("CancelBatch").WithSummary("Ends every item that is not over.").Produces<Batch>().ProducesProblem(404);
        group.MapDelete("/{id}", DeleteAsync).RequireScope(Scopes.Write)
            .WithName("DeleteBatch").WithSummary("Ends every item that is not over, and forgets the batch.").WithDescription("Analyses that were made of it stay; they are deleted one by one.")
            .Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> SubmitAsync(HttpContext http, BatchIntake intake, BatchView view, IOptions<IngestOptions> options)
    {
        LimitBody(http, options.Value);
        var (id, batch, isReplayed) = await intake.AcceptAsync(http, SubmitEndpoint.Reuse(http.Request.Query), Lane.Batch);
        if (isReplayed) http.Response.Headers[SubmitEndpoint.ReplayedHeader] = "true";
        return TypedResults.Accepted($"/v1/batches/{id}", await view.ShowAsync(http.GetCaller().Tenant, id, batch, http.RequestAborted));
    }

    /// <summary>Sets the limit of a body that holds a batch.</summary>
    /// <exception cref="SubmissionRejectedException">There is no body.</exception>
    public static void LimitBody(HttpContext http, IngestOptions options)
    {
        if (http.Request.ContentLength == 0) throw new SubmissionRejectedException(ErrorCodes.EmptyBody, "The request has no body.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = options.BatchBytes;
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, BatchBook book, BatchView view)
    {
        http.Response.Headers.CacheControl = "no-store";
        var tenant = http.GetCaller().Tenant;
        return TypedResults.Ok(await view.ShowAsync(tenant, id, (await book.GetAsync(tenant, id, http.RequestAborted)).Value, http.RequestAborted));
    }

    private static async Task<IResult> ListAsync(HttpContext http, BatchBook book, BatchView view, string? cursor = null, int limit = 20)
    {
        if (limit is < 1 or > MaxPage) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, $"limit is 1 to {MaxPage}.");
        if (cursor is not null && !StoredBatch.IsId(cursor)) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "The cursor is not one that this service gave out.");
        http.Response.Headers.CacheControl = "no-store";
        var tenant = http.GetCaller().Tenant;
        var found = await book.ListAsync(tenant, cursor, limit + 1, http.RequestAborted);
        var items = new List<Batch>();
        foreach (var document in found.Take(limit)) items.Add(await view.ShowAsync(tenant, document.Id, document.Value, http.RequestAborted) with { Items = null });
        return TypedResults.Ok(new BatchPage(items, found.Count > limit ? items[^1].Id : null));
    }

    private static async Task<IResult> CancelAsync(string id, HttpContext http, BatchWork work, BatchView view)
    {
        var tenant = http.GetCaller().Tenant;
        return TypedResults.Ok(await view.ShowAsync(tenant, id, await work.CancelAsync(tenant, id, http.RequestAborted), http.RequestAborted));
    }

    private static async Task<IResult> DeleteAsync(string id, HttpContext http, BatchWork work, BatchBook book, BatchClaims claims)
    {
        var tenant = http.GetCaller().Tenant;
        await work.CancelAsync(tenant, id, http.RequestAborted);
        await claims.ForgetAsync(tenant, id, http.RequestAborted);
        await book.RemoveAsync(tenant, id, version: null, http.RequestAborted);
        return TypedResults.NoContent();
    }
}
