namespace Deepfake.Infrastructure.History;

/// <summary>A cursor that no page gave out.</summary>
public sealed class InvalidCursorException() : Exception("The cursor is not one of ours.");
