namespace Deepfake.Infrastructure.Hosting;

/// <summary>An adapter with a database or a server, which may come up later than the host.</summary>
internal interface IPrepared
{
    /// <summary>Creates what the adapter needs on its server; keeps trying until it is there or the host stops.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>One cheap request; throws when there is no answer.</summary>
    Task PingAsync(CancellationToken cancellationToken);
}
