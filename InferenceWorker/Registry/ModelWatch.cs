using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>
/// Follows the models folder: when a manifest or the registry changes, by whatever hand, the ensemble is loaded anew beside the running
/// one. Polled, because notifications do not reach across shared volumes.
/// </summary>
internal sealed partial class ModelWatch(ScoringEngine engine, IOptions<ModelOptions> options, TimeProvider time, ILogger<ModelWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.WatchSeconds == 0) return;
        await engine.GetEnsembleAsync(stoppingToken);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.WatchSeconds), time);
        string? refused = null;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var stamp = refused;
            try
            {
                stamp = RegistryFile.Stamp(engine.Folder);
                if (stamp == engine.Stamp || stamp == refused) continue;
                await engine.ReloadAsync(stoppingToken);
                refused = null;
            }
            catch (ModelRejectedException e)
            {
                refused = stamp; // until something changes again
                Log.Refused(logger, e.Message);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Unreadable(logger, e); // a volume that is away for a moment must not end the host
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3031, LogLevel.Error, "The changed models are not taken, the running ensemble goes on: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(3032, LogLevel.Error, "The models folder cannot be read, the running ensemble goes on; it is tried again")]
        public static partial void Unreadable(ILogger logger, Exception exception);
    }
}
