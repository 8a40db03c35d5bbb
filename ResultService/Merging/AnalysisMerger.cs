using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Webhooks;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Merging;

/// <summary>
/// Keeps the parts of running analyses and completes those that have all. The store decides who finishes: any number of callers may do
/// any of this at the same time, again, or after a crash.
/// </summary>
public sealed class AnalysisMerger(
    IAnalysisStore analyses,
    IObjectStore objects,
    FusionSource fusion,
    AnalysisFinisher finisher,
    StagePaces paces,
    ResultMetrics metrics,
    TimeProvider time,
    IOptions<ResultOptions> options,
    EndpointRegistry webhooks)
{
    /// <summary>Stores a part, moves the progress, and completes the analysis if that was the last one.</summary>
    public async Task AddAsync<T>(T message, PartKey key, IPublishEndpoint bus, CancellationToken cancellationToken)
        where T : IAnalysisMessage
    {
        if (await FindRunningAsync(message.AnalysisId, cancellationToken) is not { } state) return;
        // Whether it was stored does not matter: a repeated part may be the repetition of one whose receiver crashed before it merged.
        await analyses.AddPartAsync(message.AnalysisId, key, AnalysisParts.Write(message, time.GetUtcNow()), cancellationToken);
        var parts = await ReadPartsAsync(message.AnalysisId, cancellationToken);
        if (await TryCompleteAsync(state, parts, bus, cancellationToken)) return;
        if (parts.ScoringFraction is { } fraction) await AdvanceAsync(state, Stage.Scoring, fraction, cancellationToken);
    }

    /// <summary>Moves the progress.</summary>
    public async Task ReportAsync(AnalysisProgressed message, CancellationToken cancellationToken)
    {
        if (await FindRunningAsync(message.AnalysisId, cancellationToken) is { } state && message.Stage is Stage.Queued or Stage.Frames or Stage.Scoring)
            await AdvanceAsync(state, message.Stage, message.Fraction, cancellationToken);
    }

    /// <summary>Ends an analysis with an error.</summary>
    /// <returns>False if it was over.</returns>
    public async Task<bool> FailAsync(string id, string code, string detail, IPublishEndpoint bus, CancellationToken cancellationToken) =>
        await FindRunningAsync(id, cancellationToken) is { } state
        && await finisher.FinishAsync(state.Record, RecordComposer.Fail(state, code, detail, time.GetUtcNow()), bus, cancellationToken);

    /// <summary>Completes an analysis if its parts allow it now.</summary>
    /// <returns>True if this call ended it.</returns>
    public async Task<bool> TryCompleteAsync(AnalysisState state, IPublishEndpoint bus, CancellationToken cancellationToken) =>
        await TryCompleteAsync(state, await ReadPartsAsync(state.Record.Id, cancellationToken), bus, cancellationToken);

    /// <summary>The record of a running analysis as far as it is known.</summary>
    public async Task<Analysis> PreviewAsync(AnalysisState state, CancellationToken cancellationToken)
    {
        var analysis = RecordComposer.Begin(state);
        try
        {
            var parts = await ReadPartsAsync(state.Record.Id, cancellationToken);
            if (parts.Frames is { } frames)
            {
                var index = await objects.ReadAsync(frames.IndexKey, cancellationToken);
                analysis = RecordComposer.Preview(state, index, Fuse(state, index, parts));
            }
        }
        catch (Exception e) when (e is ObjectNotFoundException or InvalidDataException)
        {
            // It ended between two reads, or its index is broken and the analysis about to fail: what we have is still true.
        }

        return analysis with { SecondsRemaining = Remaining(state) };
    }

    private async Task<bool> TryCompleteAsync(AnalysisState state, AnalysisParts parts, IPublishEndpoint bus, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (parts.Assess(state.Record, now, options.Value) == MergeReadiness.Wait) return false;
        FaceIndex index;
        try
        {
            // Signals prove that the frames were there: their own report may have been lost.
            index = await objects.ReadAsync(parts.Frames?.IndexKey ?? ObjectKeys.Index(state.Record.Tenant, state.Record.Id), cancellationToken);
        }
        catch (ObjectNotFoundException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another instance or the client ended it meanwhile and its objects are gone.
            if (await FindRunningAsync(state.Record.Id, cancellationToken) is null) return false;
            throw;
        }

        var told = (state.Record.WebhookUrl ?? state.Record.WebhookEndpointId) is null || await webhooks.FindAskedAsync(state.Record, cancellationToken) is not null;
        var result = RecordComposer.Complete(state, index, parts, Fuse(state, index, parts), told, now);
        if (!await finisher.FinishAsync(state.Record, result, bus, cancellationToken)) return false;
        // One that ran into its deadline is not typical.
        if (parts.HasAllScores && state.StartedAt is { } started && parts.FramesAt is { } decoded) paces.Learn(state.Record.Format, decoded - started, now - decoded);
        return true;
    }

    private double? Remaining(AnalysisState state) =>
        Progress.SecondsRemaining(state.Record, state.Status, state.Percent, state.StartedAt, state.ChangedAt, paces.Find(state.Record.Format));

    private FusedEvidence Fuse(AnalysisState state, FaceIndex index, AnalysisParts parts)
    {
        var profile = state.Record.Options.Profile;
        var fit = fusion.Current;
        // None at all: measuring was given up.
        var signals = parts.Forensics?.Signals is { Count: > 0 } measured ? measured : null;
        var fused = MediaFusion.Fuse(index, [.. parts.Inference.Select(part => new ShardScores(part.Shard, part.Models))], signals, fit?.For(profile));
        return fit?.Has(profile) ?? profile == ThresholdProfile.Balanced ? fused : fused with { Warnings = [.. fused.Warnings, WarningCodes.ProfileNotFitted] };
    }

    private async Task AdvanceAsync(AnalysisState state, Stage stage, double fraction, CancellationToken cancellationToken)
    {
        var moved = await analyses.AdvanceAsync(state.Record.Id, stage, Progress.Percent(stage, fraction), cancellationToken);
        if (moved && state.Status == AnalysisStatus.Accepted) metrics.Began(state.Record, time.GetUtcNow());
    }

    private async Task<AnalysisState?> FindRunningAsync(string id, CancellationToken cancellationToken) =>
        await analyses.FindAsync(id, cancellationToken) is { IsOver: false } state ? state : null;

    private async Task<AnalysisParts> ReadPartsAsync(string id, CancellationToken cancellationToken) =>
        AnalysisParts.Read(await analyses.GetPartsAsync(id, cancellationToken));
}
