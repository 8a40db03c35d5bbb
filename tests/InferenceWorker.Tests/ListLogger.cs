using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>Keeps warnings and worse.</summary>
internal sealed class ListLogger : ILogger
{
    public ConcurrentQueue<string> Warnings { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Warning) Warnings.Enqueue(formatter(state, exception));
    }
}
