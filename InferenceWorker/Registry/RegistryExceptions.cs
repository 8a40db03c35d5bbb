namespace Deepfake.InferenceWorker.Registry;

/// <summary>No model has that name.</summary>
public sealed class UnknownModelException(string name) : Exception($"There is no model '{name}'.");

/// <summary>Without this model none would score.</summary>
public sealed class LastModelException(string name) : Exception($"'{name}' is the only model that scores: add another one first.");
