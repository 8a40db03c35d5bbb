using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Uploads;

/// <summary>How the bytes of an upload come.</summary>
internal enum UploadKind
{
    /// <summary>Piece by piece through this service (tus).</summary>
    Resumable,

    /// <summary>At once, by an address that carries its own permission.</summary>
    Direct,
}

/// <summary>Where an upload stands.</summary>
internal enum UploadState
{
    /// <summary>Bytes are missing, or were not looked at yet.</summary>
    Open,

    /// <summary>Whole, and welcome.</summary>
    Complete,

    /// <summary>An analysis was made of it, or is being made.</summary>
    Submitted,
}

/// <summary>
/// A file on its way, before it is submitted. It is stored where its analysis will look for it: the analysis' id is given out with the
/// upload, so that nothing is copied later, and an upload makes one analysis at most.
/// </summary>
internal sealed record Upload
{
    private const string Prefix = "up_";
    private const string AnalysisPrefix = "an_";

    /// <summary>How its bytes come.</summary>
    public required UploadKind Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public UploadState State { get; init; }

    /// <summary>The analysis it will be.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>Bytes it will have.</summary>
    public required long Length { get; init; }

    /// <summary>Hash its client announced; null for none.</summary>
    public string? Sha256 { get; init; }

    /// <summary>When it was created (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when it can be continued and submitted (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>What is durable of a resumable one.</summary>
    public GrowingObject? Grown { get; init; }

    /// <summary>The file, once it is complete.</summary>
    public StoredMedia? Media { get; init; }

    /// <summary>What the client said at creation.</summary>
    public SubmissionFields Fields { get; init; } = new();

    /// <summary>Whether to submit it as soon as it is complete.</summary>
    public bool Analyze { get; init; }

    /// <summary>The header <c>Upload-Metadata</c> as it came.</summary>
    public string? Metadata { get; init; }

    /// <summary>Durable bytes.</summary>
    public long Offset => State == UploadState.Open ? Grown?.Length ?? 0 : Length;

    /// <summary>Public id of an upload.</summary>
    public static string IdOf(string analysisId) => Prefix + analysisId[AnalysisPrefix.Length..];

    /// <summary>The analysis an upload will be.</summary>
    public static string AnalysisOf(string uploadId) => AnalysisPrefix + uploadId[Prefix.Length..];

    /// <summary>Whether a text has the form of a public id.</summary>
    public static bool IsId(string id) => id.Length == 29 && id.StartsWith(Prefix, StringComparison.Ordinal) && id.AsSpan(Prefix.Length).IndexOfAnyExcept(AnalysisIds.Letters) < 0;

    /// <summary>Where its bytes lie until somebody has looked at them: an address that was given away is good until it expires.</summary>
    public static string StagingKey(string tenant, string analysisId) => ObjectKeys.Prefix(tenant, analysisId) + "incoming";
}

/// <summary>An upload as its client sees it.</summary>
internal sealed record UploadStatus
{
    /// <summary>Id to submit it by, e.g. <c>up_01k…</c>.</summary>
    public required string UploadId { get; init; }

    /// <summary>How its bytes come.</summary>
    public required UploadKind Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public required UploadState State { get; init; }

    /// <summary>Name of the file, cleaned.</summary>
    public string? FileName { get; init; }

    /// <summary>Durable bytes; those of a direct upload are known when it is submitted.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes it will have.</summary>
    public required long Length { get; init; }

    /// <summary>What it is, once it is complete.</summary>
    public MediaSummary? Media { get; init; }

    /// <summary>The analysis that was made of it.</summary>
    public string? AnalysisId { get; init; }

    /// <summary>When it was created (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when it can be continued and submitted (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <param name="upload">The upload.</param>
    /// <param name="analysis">What was made of it; null for nothing, or where that was deleted.</param>
    public static UploadStatus Of(Upload upload, Analysis? analysis) => new()
    {
        UploadId = Upload.IdOf(upload.AnalysisId),
        Kind = upload.Kind,
        State = upload.State,
        FileName = upload.State == UploadState.Submitted ? analysis?.FileName : upload.Fields.FileName,
        Offset = upload.Offset,
        Length = upload.Length,
        Media = upload is { State: UploadState.Complete, Media: { } media }
            ? new MediaSummary { Format = media.Format, Sha256 = media.Sha256, SizeBytes = media.SizeBytes }
            : analysis is null ? null : new MediaSummary { Format = analysis.Media.Format, Sha256 = analysis.Media.Sha256, SizeBytes = analysis.Media.SizeBytes },
        AnalysisId = analysis?.Id,
        CreatedAt = upload.CreatedAt,
        ExpiresAt = upload.ExpiresAt,
    };
}
