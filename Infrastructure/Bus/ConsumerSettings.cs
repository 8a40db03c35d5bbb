namespace Deepfake.Infrastructure.Bus;

/// <summary>How the bus runs a consumer. Lives beside the consumer it belongs to.</summary>
public sealed record ConsumerSettings
{
    /// <summary>Queue of the forensic measurements, which no analysis waits for to its death.</summary>
    public const string ForensicsQueue = "forensics";

    /// <summary>Name of the queue; with <see cref="PerLane"/> the lane is appended: <c>frames-interactive</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>True: one queue a lane. False: one queue that gets all lanes.</summary>
    public bool PerLane { get; init; } = true;

    /// <summary>Messages worked on at a time, per queue and process.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Messages held ready by the process, per queue; 0 means <see cref="Concurrency"/>.</summary>
    public int Prefetch { get; init; }

    /// <summary>How long one message may take before it counts as a transient fault.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>A consumer class and how to run it; services add these, the bus of the host collects them.</summary>
/// <param name="Consumer">Class that implements MassTransit's <c>IConsumer&lt;T&gt;</c> for one or more message types.</param>
/// <param name="Settings">How to run it.</param>
public sealed record ConsumerRegistration(Type Consumer, ConsumerSettings Settings);
