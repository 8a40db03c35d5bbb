using Microsoft.Extensions.Hosting;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>Prepares the servers of the stores while the host starts, so that the first request does not have to.</summary>
internal sealed class Preparation(IEnumerable<IPrepared> adapters) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(adapters.Select(adapter => adapter.PrepareAsync(stoppingToken)));
}
