using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Tests.Bus;

/// <summary>A worker as a process of its own that dies by SIGKILL at the first message.</summary>
internal sealed class DyingWorker : IDisposable
{
    private const string Up = "up";
    private readonly Process _process;

    private DyingWorker(Process process) => _process = process;

    public static DyingWorker Start(string amqp, string queue, int deliveryLimit)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(DyingWorker).Assembly.Location, amqp, queue, $"{deliveryLimit}" }) start.ArgumentList.Add(argument);
        return new DyingWorker(Process.Start(start)!);
    }

    public async Task WaitUntilUpAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        if (await _process.StandardOutput.ReadLineAsync(patience.Token) != Up) throw new InvalidOperationException("The worker did not start: " + await _process.StandardError.ReadToEndAsync());
    }

    public async Task WaitUntilDeadAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _process.WaitForExitAsync(patience.Token);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>What the process runs.</summary>
    public static async Task RunAsync(string amqp, string queue, string deliveryLimit)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.Configuration["ConnectionStrings:messaging"] = amqp;
        builder.Configuration["Bus:DeliveryLimit"] = deliveryLimit;
        builder.Services.AddPipelineConsumer<Consumer>(new ConsumerSettings { Queue = queue });
        builder.AddPipelineBus();
        using var host = builder.Build();
        await host.StartAsync();
        await Eventually.TrueAsync(
            async () => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status == HealthStatus.Healthy, "the bus is up", 60);
        Console.WriteLine(Up);
        await host.WaitForShutdownAsync();
    }

    internal sealed class Consumer : IConsumer<MediaSubmitted>, IConsumer<FramesExtracted>
    {
        public Task Consume(ConsumeContext<MediaSubmitted> context) => DieAsync();

        public Task Consume(ConsumeContext<FramesExtracted> context) => DieAsync();

        private static Task DieAsync()
        {
            Process.GetCurrentProcess().Kill();
            return Task.Delay(Timeout.Infinite);
        }
    }
}
