using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Compat;

/// <summary>What every answer of the earlier systems' addresses says besides their own fields.</summary>
public abstract record OldAnswer
{
    /// <summary>The analysis behind it: everything else is at <c>/v1/analyses/{id}</c>.</summary>
    [JsonPropertyOrder(10)]
    public required string AnalysisId { get; init; }

    /// <summary>The answer in one word, which the old fields have not: there, <c>suspicious</c> and <c>inconclusive</c> are no manipulation.</summary>
    [JsonPropertyOrder(10)]
    public required Verdict Verdict { get; init; }

    /// <summary>Reason codes behind it.</summary>
    [JsonPropertyOrder(10)]
    public required IReadOnlyList<string> Reasons { get; init; }
}

/// <summary>Answer of <c>POST /api/analyze</c>.</summary>
public sealed record AnalyzeAnswer : OldAnswer
{
    /// <summary>Whether it is called manipulated.</summary>
    public required bool IsDeepfake { get; init; }

    /// <summary>0–100; 50 where nothing could be scored.</summary>
    public required double DeepfakeScore { get; init; }

    /// <summary>0–100; 0 where the verdict is <c>inconclusive</c>.</summary>
    public required double Confidence { get; init; }

    /// <summary><c>LOW</c>, <c>MEDIUM</c>, <c>HIGH</c> or <c>CRITICAL</c>; <c>MEDIUM</c> where nothing could be scored.</summary>
    public required string RiskLevel { get; init; }
}

/// <summary>Answer of <c>POST /predict</c>, and one entry of that of <c>POST /predict/batch</c>.</summary>
public sealed record PredictAnswer : OldAnswer
{
    /// <summary><c>Real</c> or <c>Deepfake</c>.</summary>
    public required string Prediction { get; init; }

    /// <summary>0–100; 0 where the verdict is <c>inconclusive</c>.</summary>
    public required double Confidence { get; init; }

    /// <summary>What was found, in plain sentences.</summary>
    public required string Explanation { get; init; }

    /// <summary>Name of the file, cleaned.</summary>
    public string? Filename { get; init; }

    /// <summary>Models that gave a score, with versions.</summary>
    public required string Model { get; init; }

    /// <summary>What they ran on.</summary>
    public required string Device { get; init; }

    /// <summary>Whether there is a heat map.</summary>
    public required bool GradCamAvailable { get; init; }
}

/// <summary>An entry of the answer of <c>POST /predict/batch</c> for a file that could not be analysed.</summary>
/// <param name="Filename">Name of the file, cleaned.</param>
/// <param name="Error">Why, in one plain sentence.</param>
/// <param name="Code">Its stable code.</param>
public sealed record PredictFailure(string? Filename, string Error, string Code);

/// <summary>Answer of <c>POST /predict/image</c> and <c>POST /predict/video</c>.</summary>
public sealed record FileAnswer : OldAnswer
{
    /// <summary><c>image</c> or <c>video</c>; animations are videos.</summary>
    public required string FileType { get; init; }

    /// <summary>Frames that were looked at.</summary>
    public required int FramesProcessed { get; init; }

    /// <summary>0–1; 0 where the verdict is <c>inconclusive</c>.</summary>
    public required double Confidence { get; init; }

    /// <summary><c>REAL</c> or <c>FAKE</c>.</summary>
    public required string Label { get; init; }
}

/// <summary>Answer of <c>POST /upload</c>.</summary>
public sealed record UploadAnswer : OldAnswer
{
    /// <summary><c>Real</c> or <c>Deepfake</c>.</summary>
    public required string Prediction { get; init; }

    /// <summary>0–1; 0 where the verdict is <c>inconclusive</c>.</summary>
    public required double Confidence { get; init; }

    /// <summary>People that were followed through the film.</summary>
    public required int FacesDetected { get; init; }

    /// <summary>Seconds from acceptance to end.</summary>
    public required double ProcessingTime { get; init; }

    /// <summary>How many frames, and how many of them are suspicious.</summary>
    public required FrameAnalysis FrameAnalysis { get; init; }
}

/// <summary>Frames of a film.</summary>
/// <param name="TotalFrames">Frames that were looked at.</param>
/// <param name="SuspiciousFrames">Those whose score is at or above where suspicion begins.</param>
public sealed record FrameAnalysis(int TotalFrames, int SuspiciousFrames);
