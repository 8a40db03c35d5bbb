using System.Globalization;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Listing;
using Microsoft.AspNetCore.Http.Features;

namespace Deepfake.ResultService.Reviews;

/// <summary>One labelled medium, for training and calibration.</summary>
internal sealed record TruthLine
{
    /// <summary>The first analysis of the medium.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>Hash of the medium.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Image, animation or video.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>Container.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>1 for manipulated, 0 for authentic, null where the reviewer would not say.</summary>
    public int? Label { get; init; }

    /// <summary>What the reviewer said.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why.</summary>
    public string? Note { get; init; }

    /// <summary>Who.</summary>
    public required string ReviewedBy { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset ReviewedAt { get; init; }

    /// <summary>How often it was reviewed.</summary>
    public required int Reviews { get; init; }

    /// <summary>Version that was looked at.</summary>
    public required int Version { get; init; }

    /// <summary>What the machine said.</summary>
    public required Verdict MachineVerdict { get; init; }

    /// <summary>[0,1].</summary>
    public double? Probability { get; init; }

    /// <summary>0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>Scores of the models.</summary>
    public required IReadOnlyList<TruthScore> Models { get; init; }

    /// <summary>Scores of the signals.</summary>
    public required IReadOnlyList<TruthScore> Signals { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    public static TruthLine Of(ReviewFile file)
    {
        var latest = file.Reviews[^1];
        return new TruthLine
        {
            AnalysisId = file.AnalysisId,
            Sha256 = file.Media.Sha256,
            Kind = file.Media.Kind,
            Format = file.Media.Format,
            Label = latest.Review.Verdict switch { Verdict.Manipulated => 1, Verdict.Authentic => 0, _ => null },
            Verdict = latest.Review.Verdict,
            Note = latest.Review.Note,
            ReviewedBy = latest.Review.ReviewedBy,
            ReviewedAt = latest.Review.ReviewedAt,
            Reviews = file.Reviews.Count,
            Version = latest.Version,
            MachineVerdict = latest.MachineVerdict,
            Probability = latest.Probability,
            DeepfakeScore = latest.DeepfakeScore,
            Models = latest.Models,
            Signals = latest.Signals,
            Reference = file.Reference,
        };
    }
}

/// <summary>Everything that reviewers labelled, as NDJSON or CSV, written page by page.</summary>
internal sealed class GroundTruth(ReviewBook reviews, string tenant, bool asCsv) : IResult
{
    private const int PageSize = 200;
    private const string Header =
        "analysis_id,sha256,kind,format,label,verdict,note,reviewed_by,reviewed_at,reviews,version,machine_verdict,probability,deepfake_score,models,signals,reference\r\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var cancellationToken = httpContext.RequestAborted;
        // The first page before the first byte: a store that is away is then still a proper answer.
        var page = await reviews.ListAsync(tenant, null, PageSize, cancellationToken);
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        response.ContentType = asCsv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";
        response.Headers.ContentDisposition = $"attachment; filename=\"ground-truth.{(asCsv ? "csv" : "ndjson")}\"";
        response.Headers.XContentTypeOptions = "nosniff";
        if (asCsv) await response.WriteAsync(Header, cancellationToken);
        while (true)
        {
            var text = new StringBuilder();
            foreach (var line in page.Select(TruthLine.Of)) text.Append(asCsv ? Csv(line) : JsonSerializer.Serialize(line, DeepfakeJson.Options) + "\n");
            await response.WriteAsync(text.ToString(), cancellationToken);
            if (page.Count < PageSize) break;
            page = await reviews.ListAsync(tenant, page[^1].AnalysisId, PageSize, cancellationToken);
        }
    }

    private static string Csv(TruthLine line) => new CsvLine()
        .Text(line.AnalysisId).Text(line.Sha256).Name(line.Kind).Name<MediaFormat>(line.Format).Number(line.Label).Name<Verdict>(line.Verdict).Text(line.Note)
        .Text(line.ReviewedBy).Time(line.ReviewedAt).Number(line.Reviews).Number(line.Version).Name<Verdict>(line.MachineVerdict).Number(line.Probability)
        .Number(line.DeepfakeScore).Text(Join(line.Models)).Text(Join(line.Signals)).Text(line.Reference).ToString();

    // name@version=0.5;…
    private static string Join(IReadOnlyList<TruthScore> scores) => string.Join(';', scores.Select(score =>
        string.Create(CultureInfo.InvariantCulture, $"{score.Name}{(score.Version is null ? "" : "@" + score.Version)}={score.Score:R}")));
}
