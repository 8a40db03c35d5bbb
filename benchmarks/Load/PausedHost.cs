using Deepfake.Standalone;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Benchmarks.Load;

/// <summary>The embedded product in a process of its own, whose workers take a message in hand and do not go on: accepting is measured alone.</summary>
internal static class PausedHost
{
    /// <summary>First argument of the process.</summary>
    public const string Argument = "paused-host";

    /// <summary>Runs it until it is told to stop.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        await using var app = StandaloneHost.Build(arguments, builder => builder.Services.AddConsumeObserver<Pause>());
        await app.RunAsync();
    }

    private sealed class Pause(IHostApplicationLifetime lifetime) : IConsumeObserver
    {
        public Task PreConsume<T>(ConsumeContext<T> context)
            where T : class => Task.Delay(Timeout.Infinite, lifetime.ApplicationStopping);

        public Task PostConsume<T>(ConsumeContext<T> context)
            where T : class => Task.CompletedTask;

        public Task ConsumeFault<T>(ConsumeContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }
}
