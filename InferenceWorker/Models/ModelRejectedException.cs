namespace Deepfake.InferenceWorker.Models;

/// <summary>A model folder cannot join the ensemble. The message is one plain sentence without paths: users see it.</summary>
public sealed class ModelRejectedException(string message, Exception? inner = null) : Exception(message, inner);
