namespace Deepfake.Standalone.Evaluate;

/// <summary>The wish cannot be fulfilled as it is: said before anything is scored.</summary>
internal sealed class EvaluationRefusedException(string message) : Exception(message);
