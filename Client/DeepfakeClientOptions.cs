namespace Deepfake.Client;

/// <summary>How a client behaves.</summary>
public sealed record DeepfakeClientOptions
{
    /// <summary>How often a request that may be repeated is repeated when the service is busy or out of reach. 0 for never.</summary>
    public int Retries { get; init; } = 4;

    /// <summary>Longest wait between two tries, whatever the service asks for; beyond it the error is the caller's.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Files of this many bytes or more go up in pieces that can be resumed.</summary>
    public long ResumableFrom { get; init; } = 16 * 1024 * 1024;

    /// <summary>Bytes of a piece.</summary>
    public int PieceSize { get; init; } = 8 * 1024 * 1024;

    /// <summary>Silence after which an event stream counts as broken; the service says something every 15 s.</summary>
    public TimeSpan EventSilence { get; init; } = TimeSpan.FromSeconds(50);
}
