using System.ComponentModel.DataAnnotations;

namespace Deepfake.Infrastructure.Bus;

/// <summary>How the bus treats transient faults. Section <c>Bus</c>.</summary>
public sealed class BusOptions : IValidatableObject
{
    /// <summary>Pauses before the tries inside the process, in milliseconds.</summary>
    public IReadOnlyList<int> RetryMilliseconds { get; set; } = [];

    /// <summary>Pauses in the wait queue before the message is delivered again, in seconds. After the last one it is dead.</summary>
    public IReadOnlyList<double> RedeliverySeconds { get; set; } = [];

    /// <summary>How often a queue hands out a message whose consumer died before it is dead. A queue that exists keeps its own limit.</summary>
    [Range(1, 100)]
    public int DeliveryLimit { get; set; } = 5;

    /// <summary>
    /// How long work in hand may go on after the process is told to stop, in seconds; what is not over then goes back to its queue. The process ends at most
    /// 10 s later.
    /// </summary>
    [Range(1, 3600)]
    public int StopSeconds { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryMilliseconds.Any(pause => pause is < 0 or > 60_000))
            yield return new ValidationResult("Bus:RetryMilliseconds: each pause lies in 0–60000 ms.", [nameof(RetryMilliseconds)]);
        if (RedeliverySeconds.Any(pause => pause is not (>= 0.001 and <= 86_400)))
            yield return new ValidationResult("Bus:RedeliverySeconds: each pause lies in 0.001–86400 s.", [nameof(RedeliverySeconds)]);
    }

    internal TimeSpan RedeliveryDelay(int attempt) => TimeSpan.FromSeconds(RedeliverySeconds[attempt]);
}
