using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Evidence;
using Deepfake.ResultService.Fusion;
using Deepfake.ResultService.Pictures;

namespace Deepfake.ResultService.Merging;

/// <summary>Makes public records from what is known. Pure.</summary>
public static class RecordComposer
{
    /// <summary>The record of a running analysis before anything was found, and the base of the others.</summary>
    public static Analysis Begin(AnalysisState state) => new()
    {
        Id = state.Record.Id,
        Status = state.Status,
        Stage = state.Stage,
        Progress = Math.Round(state.Percent, 1),
        FileName = state.Record.FileName,
        Reference = state.Record.Reference,
        Metadata = state.Record.Metadata ?? new Dictionary<string, string>(),
        Options = state.Record.Options,
        Media = new MediaSummary { Format = state.Record.Format, Sha256 = state.Record.Sha256, SizeBytes = state.Record.SizeBytes },
        Version = state.Record.Version,
        ReprocessOf = state.Record.ReprocessOf,
        CreatedAt = state.Record.AcceptedAt,
        UpdatedAt = state.ChangedAt,
    };

    /// <summary>The record of a running analysis with what is there by now: faces, frames, scores of the shards that came. No verdict.</summary>
    public static Analysis Preview(AnalysisState state, FaceIndex index, FusedEvidence fused) => Fill(Begin(state), index, fused);

    /// <summary>The final record.</summary>
    public static Analysis Complete(AnalysisState state, FaceIndex index, AnalysisParts parts, FusedEvidence fused, bool webhookConfigured, DateTimeOffset now)
    {
        var hasHeat = parts.Inference.Any(shard => shard.HeatMapKey is not null);
        var score = fused.Probability is { } p ? Math.Round(100 * p, 2) : (double?)null;
        var filled = Fill(Begin(state), index, fused);
        var shown = ShownFrames.Faces(filled.Faces).Select(face => face.TrackId).ToHashSet();
        return End(filled, AnalysisStatus.Completed, state.Record.Retention, now) with
        {
            Faces =
            [
                .. filled.Faces.Select(face => face with
                {
                    HeatMap = hasHeat ? HeatMapLink(filled.Id, face.TrackId) : null,
                    Frame = shown.Contains(face.TrackId) ? FrameLink(filled.Id, face.TrackId) : null,
                }),
            ],
            Findings = MediaFindings.Of(index, fused),
            Verdict = fused.Decision.Verdict,
            MachineVerdict = fused.Decision.Verdict,
            Reasons = fused.Decision.Reasons,
            Probability = fused.Probability,
            IsDeepfake = fused.Decision.Verdict == Verdict.Inconclusive ? null : fused.Decision.Verdict == Verdict.Manipulated,
            DeepfakeScore = score,
            Confidence = fused.Decision.Confidence,
            RiskLevel = fused.Probability is { } risk ? VerdictPolicy.Risk(fused.Decision.Verdict, risk, fused.Thresholds) : null,
            ScoreMeaning = fused.Meaning,
            Thresholds = new ScoreThresholds(
                Math.Round(100 * fused.Thresholds.Suspicious, 2), Math.Round(100 * fused.Thresholds.Manipulated, 2), fused.Thresholds.Authentic is { } authentic ? Math.Round(100 * authentic, 2) : null),
            Artifacts = Artifacts(state.Record.Id, fused.DecidingTrack, hasHeat),
            Warnings = webhookConfigured ? fused.Warnings : [.. fused.Warnings, WarningCodes.WebhookNotConfigured],
            Timings = Timings(parts, now - state.Record.AcceptedAt),
        };
    }

    /// <summary>The final record of a failure.</summary>
    public static Analysis Fail(AnalysisState state, string code, string detail, DateTimeOffset now) =>
        End(Begin(state), AnalysisStatus.Failed, state.Record.Retention, now) with { Progress = Math.Round(state.Percent, 1), Error = new AnalysisError(code, detail) };

    /// <summary>The final record of an analysis its client no longer wants.</summary>
    public static Analysis Cancel(AnalysisState state, DateTimeOffset now) =>
        End(Begin(state), AnalysisStatus.Cancelled, state.Record.Retention, now) with { Progress = Math.Round(state.Percent, 1) };

    /// <summary>Address of the picture of a face.</summary>
    public static string CropLink(string id, int trackId) => $"/v1/analyses/{id}/faces/{trackId}";

    /// <summary>Address of the same picture with the heat map over it.</summary>
    public static string HeatMapLink(string id, int trackId) => $"/v1/analyses/{id}/faces/{trackId}/heatmap";

    /// <summary>Address of the whole frame around that picture.</summary>
    public static string FrameLink(string id, int trackId) => $"/v1/analyses/{id}/faces/{trackId}/frame";

    /// <summary>Address of the report.</summary>
    public static string ReportLink(string id) => $"/v1/analyses/{id}/report";

    private static Dictionary<string, string> Artifacts(string id, int? decidingTrack, bool hasHeat)
    {
        var links = new Dictionary<string, string> { ["report"] = ReportLink(id), ["report_json"] = ReportLink(id) + ".json" };
        if (decidingTrack is not { } track) return links;
        links["face"] = CropLink(id, track);
        links["frame"] = FrameLink(id, track);
        if (hasHeat) links["heat_map"] = HeatMapLink(id, track);
        return links;
    }

    private static Analysis Fill(Analysis analysis, FaceIndex index, FusedEvidence fused) => analysis with
    {
        Media = analysis.Media with
        {
            Kind = index.Kind,
            Width = index.Width,
            Height = index.Height,
            DurationSeconds = index.DurationSeconds,
            Codec = index.Codec,
        },
        Faces = [.. fused.Faces.Select(face => face with { Crop = CropLink(analysis.Id, face.TrackId) })],
        Frames = fused.Frames,
        Segments = fused.Segments,
        Models = fused.Models,
        Signals = fused.Signals,
        Warnings = fused.Warnings,
    };

    private static Analysis End(Analysis analysis, AnalysisStatus status, TimeSpan? retention, DateTimeOffset now) => analysis with
    {
        Status = status,
        Stage = Stage.Done,
        Progress = 100,
        CompletedAt = now,
        UpdatedAt = now,
        ExpiresAt = now + retention,
        Timings = new Dictionary<string, double> { ["total"] = Seconds(now - analysis.CreatedAt) },
    };

    // "frames.decode": a stage's own clocks; the shards of a stage add up.
    private static Dictionary<string, double> Timings(AnalysisParts parts, TimeSpan total)
    {
        var timings = new Dictionary<string, double> { ["total"] = Seconds(total) };
        Add("frames", parts.Frames?.Timings);
        foreach (var shard in parts.Inference) Add("inference", shard.Timings);
        Add("forensics", parts.Forensics?.Timings);
        return timings;

        void Add(string stage, IReadOnlyDictionary<string, double>? clocks)
        {
            foreach (var (name, seconds) in clocks?.OrderBy(clock => clock.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, double>>())
                timings[$"{stage}.{name}"] = Math.Round(timings.GetValueOrDefault($"{stage}.{name}") + seconds, 4);
        }
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
