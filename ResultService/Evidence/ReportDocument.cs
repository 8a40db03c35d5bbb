using Deepfake.Contracts;

namespace Deepfake.ResultService.Evidence;

/// <summary>The report for machines: the record and what the page adds to it. Complete by itself: what it shows it brings along.</summary>
public sealed record ReportDocument
{
    /// <summary>When the report was made (UTC).</summary>
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>Version of the product that made it.</summary>
    public required string ServiceVersion { get; init; }

    /// <summary>The verdict in plain words; null where there is none.</summary>
    public string? Title { get; init; }

    /// <summary>What the verdict means, one or two sentences; null where there is none.</summary>
    public string? Summary { get; init; }

    /// <summary>What no answer of this service can know.</summary>
    public required IReadOnlyList<string> Limits { get; init; }

    /// <summary>The record: verdict, scores, findings, time line, segments, models, signals, hash of the medium.</summary>
    public required Analysis Analysis { get; init; }

    /// <summary>Pictures of the faces with the highest scores.</summary>
    public required IReadOnlyList<ReportPictures> Pictures { get; init; }

    /// <summary>Of what the page shows.</summary>
    public static ReportDocument Of(ReportContent content)
    {
        var words = content.Analysis.Verdict is { } verdict ? ReportText.Verdict(verdict, content.Analysis.Media.Kind) : ((string Title, string Summary)?)null;
        return new ReportDocument
        {
            MadeAt = content.MadeAt,
            ServiceVersion = content.ServiceVersion,
            Title = words?.Title,
            Summary = words?.Summary,
            Limits = ReportContent.Limits,
            Analysis = content.Analysis,
            Pictures = [.. content.Faces.Select(face => new ReportPictures(face.Track.TrackId, face.Picture, face.HeatMap, face.Frame))],
        };
    }
}

/// <summary>Pictures of one face; PNG, base64 in JSON.</summary>
/// <param name="TrackId">The face.</param>
/// <param name="Face">Its best crop; null when it is gone.</param>
/// <param name="HeatMap">The same with the heat map; null without.</param>
/// <param name="Frame">The whole frame around it; only of the face with the highest score.</param>
public sealed record ReportPictures(int TrackId, byte[]? Face, byte[]? HeatMap, byte[]? Frame);
