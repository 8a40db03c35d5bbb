using System.ComponentModel.DataAnnotations;

namespace Deepfake.Infrastructure.Bus;

/// <summary>How the bus treats transient faults. Section <c>Bus</c>.</summary>
public sealed class BusOptions
{
    /// <summary>Pauses before the tries inside the process, in milliseconds.</summary>
    [MinLength(1)]
    public IReadOnlyList<int> RetryMilliseconds { get; set; } = [];

    /// <summary>Pauses in the wait queue before the message is delivered again, in seconds. After the last one it is dead.</summary>
    public IReadOnlyList<double> RedeliverySeconds { get; set; } = [];

    /// <summary>How often a queue hands out a message whose consumer died before it is dead.</summary>
    [Range(1, 100)]
    public int DeliveryLimit { get; set; } = 5;

    internal TimeSpan RedeliveryDelay(int attempt) => TimeSpan.FromSeconds(RedeliverySeconds[attempt]);
}
