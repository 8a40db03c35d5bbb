using System.Diagnostics.CodeAnalysis;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Events;
using Deepfake.ResultService.Listing;
using Deepfake.ResultService.Merging;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using MassTransit;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Deepfake.ResultService.Api;

/// <summary>Reading, listing and cancelling analyses.</summary>
internal static class AnalysisEndpoints
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/analyses", ListAsync).WithName("ListAnalyses").WithSummary("Lists analyses, newest first.")
            .WithDescription("Running and ended ones in one list, in pages; `cursor` takes `next_cursor` of the page before, with the same filters.")
            .Produces<AnalysisPage>().ProducesProblem(400).RequireScope(Scopes.Read);
        group.MapGet("/analyses.csv", ExportAsync).WithName("ExportAnalyses").WithSummary("The whole list as CSV, with the same filters.")
            .Produces(200, contentType: "text/csv").ProducesProblem(400).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}", FindAsync).WithName("GetAnalysis").WithSummary("Answers an analysis: what is known by now, or the final record.")
            .WithDescription("`ETag` and `If-None-Match` spare the body. `wait` holds the answer back for up to 50 s: until the end, or with `If-None-Match` until something changed.")
            .Produces<Analysis>().Produces(304).ProducesProblem(400).ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapPost("/analyses/{id}/cancel", CancelAsync).WithName("CancelAnalysis").WithSummary("Ends an analysis that is not over and removes its medium.")
            .Produces<Analysis>().ProducesProblem(404).ProducesProblem(409).RequireScope(Scopes.Write);
        group.MapGet("/analyses/{id}/events", EventStream.WriteAsync).WithName("WatchAnalysis").WithSummary("Streams the progress as server-sent events.")
            .WithDescription("Events `progress`, `completed`, `failed`, `cancelled`; the stream ends after the last. `Last-Event-ID` resumes; 204 when nothing is left to say.")
            .Produces(200, contentType: "text/event-stream").Produces(204).ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/ws", EventSocket.ServeAsync).WithName("WatchAnalysisSocket").WithSummary("The same events over WebSocket, one JSON message each.")
            .WithDescription("Messages `{sequence, event, data}`; `after` resumes behind a sequence. Closes with 1000 after the last event.")
            .Produces(101).ProducesProblem(400).ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/statistics", StatisticsAsync).WithName("GetStatistics").WithSummary("What the ended analyses of a window of time say together.")
            .Produces<Statistics>().ProducesProblem(400).RequireScope(Scopes.Read);
    }

    public static bool IsId(string id) => id.Length is > 3 and <= 64 && id.StartsWith("an_", StringComparison.Ordinal) && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    public static IResult NotFound() => Problem.Answer(ErrorCodes.NotFound, "There is no such analysis.");

    private static async Task<IResult> FindAsync(string id, HttpContext http, AnalysisReader reader, string? wait = null) =>
        AnalysisReader.TryReadWait(wait, out var time)
            ? await reader.AnswerAsync(http, id, time)
            : Problem.Answer(ErrorCodes.InvalidRequest, "'wait' must be a number of seconds.");

    private static async Task<IResult> ListAsync([AsParameters] ListQuery parameters, HttpContext http, AnalysisCatalogue catalogue, CancellationToken cancellationToken)
    {
        if (!parameters.TryRead(out var query, out var complaint)) return Problem.Answer(ErrorCodes.InvalidRequest, complaint);
        try
        {
            return Json(await catalogue.ListAsync(http.GetCaller().Tenant, query, cancellationToken));
        }
        catch (InvalidCursorException)
        {
            return Problem.Answer(ErrorCodes.InvalidRequest, "The cursor is not one that this service gave out.");
        }
    }

    private static IResult ExportAsync([AsParameters] ListQuery parameters, HttpContext http, AnalysisCatalogue catalogue) =>
        parameters.TryRead(out var query, out var complaint)
            ? new AnalysesCsv(catalogue, http.GetCaller().Tenant, query with { Cursor = null })
            : Problem.Answer(ErrorCodes.InvalidRequest, complaint);

    private static async Task<IResult> CancelAsync(
        string id, HttpContext http, IAnalysisStore analyses, IHistoryStore history, AnalysisFinisher finisher, IBus bus, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        var state = await analyses.FindAsync(tenant, id, cancellationToken);
        if (state is null && await history.FindAsync(tenant, id, cancellationToken) is null) return NotFound();
        if (state is { IsOver: false })
        {
            var result = RecordComposer.Cancel(state, time.GetUtcNow());
            if (await finisher.FinishAsync(state.Record, result, bus, cancellationToken)) return Json(result);
        }

        return Problem.Answer(ErrorCodes.AlreadyEnded, "The analysis had ended before.");
    }

    private static async Task<IResult> StatisticsAsync(
        HttpContext http, AnalysisCatalogue catalogue, IHistoryStore history, CancellationToken cancellationToken, string? from = null, string? to = null)
    {
        if (!ListQuery.TryReadWindow(from, to, out var window, out var complaint)) return Problem.Answer(ErrorCodes.InvalidRequest, complaint);
        var tenant = http.GetCaller().Tenant;
        return Json(new Statistics(await history.GetStatisticsAsync(tenant, window, cancellationToken))
        {
            From = window.From,
            To = window.To,
            Unfinished = await catalogue.CountUnfinishedAsync(tenant, cancellationToken),
        });
    }

    private static JsonHttpResult<T> Json<T>(T value) => TypedResults.Json(value, DeepfakeJson.Options);
}

/// <summary>What the ended analyses of a window say together, and how many have not ended.</summary>
public sealed record Statistics : HistoryStatistics
{
    /// <summary>Adds to what the history counted.</summary>
    [SetsRequiredMembers]
    internal Statistics(HistoryStatistics ended)
        : base(ended)
    {
    }

    /// <summary>Begin of the window; null for all of time.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>End of the window; null for now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Analyses that are not over, whenever they were accepted.</summary>
    public long Unfinished { get; init; }
}
