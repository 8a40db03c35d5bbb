using System.Diagnostics.Metrics;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Submission;

/// <summary>What comes in and what is turned away.</summary>
internal static class IngestMetrics
{
    private static readonly Counter<long> Uploads = Telemetry.Meter.CreateCounter<long>("deepfake.ingest.uploads", "{upload}", "Accepted submissions");
    private static readonly Counter<long> Bytes = Telemetry.Meter.CreateCounter<long>("deepfake.ingest.bytes", "By", "Bytes of accepted submissions");
    private static readonly Counter<long> Rejections = Telemetry.Meter.CreateCounter<long>("deepfake.ingest.rejections", "{upload}", "Refused submissions by code");

    public static void Accepted(Analysis analysis)
    {
        var format = new KeyValuePair<string, object?>("format", analysis.Media.Format.ToString().ToLowerInvariant());
        Uploads.Add(1, format);
        Bytes.Add(analysis.Media.SizeBytes, format);
    }

    public static void Rejected(string code) => Rejections.Add(1, new KeyValuePair<string, object?>("code", code));
}
