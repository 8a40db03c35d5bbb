namespace Deepfake.IngestService.Submission;

/// <summary>Somebody has made an analysis of this id before.</summary>
internal sealed class AnalysisExistsException(string id, Exception inner) : Exception($"'{id}' was made before.", inner);
