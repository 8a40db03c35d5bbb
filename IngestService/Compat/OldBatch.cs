using Deepfake.Contracts;
using Deepfake.IngestService.Batches;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Compat;

/// <summary><c>POST /predict/batch</c>: a batch like every other, whose items are waited for together.</summary>
internal static class OldBatch
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task<IResult> HandleAsync(
        HttpContext http, BatchIntake intake, BatchBook book, BatchView view, EndedAnalyses ended, OldPatience patience, IOptions<IngestOptions> options, TimeProvider time)
    {
        BatchEndpoints.LimitBody(http, options.Value);
        var (id, _, isReplayed) = await intake.AcceptAsync(http, SubmitEndpoint.Reuse(http.Request.Query), Lane.Interactive);
        if (isReplayed) http.Response.Headers[SubmitEndpoint.ReplayedHeader] = "true";
        http.Response.Headers.CacheControl = "no-store";
        var tenant = http.GetCaller().Tenant;
        using var wait = patience.Begin();
        var known = new Dictionary<int, Analysis>();
        StoredBatch batch;
        while (true)
        {
            batch = (await book.GetAsync(tenant, id, http.RequestAborted)).Value;
            for (var i = 0; i < batch.Items.Count && !wait.Token.IsCancellationRequested; i++)
            {
                if (batch.Items[i].State == ItemState.Accepted && !known.ContainsKey(i)
                    && await ended.WaitAsync(tenant, batch.Items[i].AnalysisId, wait.Token, http.RequestAborted) is { } analysis) known.Add(i, analysis);
            }

            if (!batch.HasPending || wait.Token.IsCancellationRequested) break;
            await Task.WhenAny(Task.Delay(Pause, time, wait.Token)); // what waits for room has no event
            http.RequestAborted.ThrowIfCancellationRequested();
        }

        if (Enumerable.Range(0, batch.Items.Count).Any(i => batch.Items[i].State is ItemState.Pending or ItemState.Accepted && !known.ContainsKey(i)))
            return TypedResults.Accepted($"/v1/batches/{id}", await view.ShowAsync(tenant, id, batch, http.RequestAborted));
        var shape = new OldShape(options.Value.PredictionThreshold);
        return TypedResults.Json(batch.Items.Select((item, i) => Entry(shape, item, known.GetValueOrDefault(i))), DeepfakeJson.Options);
    }

    private static object Entry(OldShape shape, StoredItem item, Analysis? analysis)
    {
        var failure = analysis is null ? item.Error ?? new AnalysisError(ErrorCodes.NoVerdict, "The analysis was cancelled or deleted.") : OldEndpoints.Failure(analysis);
        return failure is null ? shape.Predict(analysis!) : new PredictFailure(item.Fields.FileName, failure.Detail, failure.Code);
    }
}
