using System.Diagnostics.Metrics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ServiceDefaults;

namespace Deepfake.ResultService;

/// <summary>What operators watch: ends by status, verdicts, waiting and total time.</summary>
public sealed class ResultMetrics
{
    private readonly Counter<long> _ended = Telemetry.Meter.CreateCounter<long>("deepfake.analyses.ended", "{analysis}", "Analyses that are over, by status and error code.");
    private readonly Counter<long> _verdicts = Telemetry.Meter.CreateCounter<long>("deepfake.verdicts", "{analysis}", "Completed analyses by verdict, first reason and kind of medium.");
    private readonly Histogram<double> _duration = Telemetry.Meter.CreateHistogram<double>("deepfake.analysis.duration", "s", "From acceptance to the end.");
    private readonly Histogram<double> _wait = Telemetry.Meter.CreateHistogram<double>("deepfake.analysis.wait", "s", "From acceptance to the first sign of work.");
    private readonly Histogram<double> _announcement = Telemetry.Meter.CreateHistogram<double>("deepfake.analysis.announcement", "s", "From the end to its announcement.");

    private readonly Counter<long> _deletions = Telemetry.Meter.CreateCounter<long>("deepfake.deletions", "{analysis}", "Analyses that were removed, by reason.");
    private readonly Counter<long> _deletedObjects = Telemetry.Meter.CreateCounter<long>("deepfake.deletions.objects", "{object}", "Objects of removed analyses, by reason.");
    private readonly Counter<long> _deletedBytes = Telemetry.Meter.CreateCounter<long>("deepfake.deletions.bytes", "By", "Bytes of removed analyses, by reason.");

    private readonly Counter<long> _reviews = Telemetry.Meter.CreateCounter<long>("deepfake.reviews", "{review}", "Reviews by the verdicts of machine and reviewer.");

    internal void Began(AnalysisRecord record, DateTimeOffset now) => _wait.Record((now - record.AcceptedAt).TotalSeconds, Lane(record));

    internal void Ended(AnalysisRecord record, Analysis result)
    {
        KeyValuePair<string, object?> status = new("status", Name(result.Status));
        _ended.Add(1, status, new("code", result.Error?.Code ?? "none"));
        _duration.Record(((result.CompletedAt ?? record.AcceptedAt) - record.AcceptedAt).TotalSeconds, status, Lane(record), new("kind", result.Media.Kind is { } kind ? Name(kind) : "unknown"));
        if (result.Verdict is { } verdict)
            _verdicts.Add(1, new("verdict", Name(verdict)), new("reason", result.Reasons is [var reason, ..] ? reason : "none"), new("kind", result.Media.Kind is { } medium ? Name(medium) : "unknown"));
    }

    internal void Announced(AnalysisRecord record, TimeSpan after) => _announcement.Record(Math.Max(0, after.TotalSeconds), Lane(record));

    internal void Reviewed(Verdict machine, Verdict reviewer) => _reviews.Add(1, new("machine", Name(machine)), new("reviewer", Name(reviewer)));

    internal void Deleted(string reason, int analyses, long objects, long bytes)
    {
        KeyValuePair<string, object?> why = new("reason", reason);
        _deletions.Add(analyses, why);
        _deletedObjects.Add(objects, why);
        _deletedBytes.Add(bytes, why);
    }

    private static KeyValuePair<string, object?> Lane(AnalysisRecord record) => new("lane", Name(record.Lane));

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
