using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Tests.Bus;

/// <summary>A host with nothing but a bus and its consumers. Queues have names of their own, so that tests do not meet.</summary>
internal sealed class BusHost : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _stopped;

    private BusHost(IHost host) => _host = host;

    public Probe Probe => _host.Services.GetRequiredService<Probe>();

    public IBus Bus => _host.Services.GetRequiredService<IBus>();

    /// <param name="amqp">Broker; null for the bus inside the process.</param>
    /// <param name="consumers">Registers consumers.</param>
    /// <param name="wait">Whether to wait until the bus is up.</param>
    /// <param name="settings">More settings.</param>
    public static async Task<BusHost> StartAsync(string? amqp, Action<IServiceCollection> consumers, bool wait = true, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.ClearProviders();
        builder.Configuration["ConnectionStrings:messaging"] = amqp;
        builder.Configuration["Bus:RetryMilliseconds:0"] = "5";
        builder.Configuration["Bus:RetryMilliseconds:1"] = "5";
        builder.Configuration["Bus:RedeliverySeconds:0"] = "0.1";
        builder.Configuration["Bus:RedeliverySeconds:1"] = "0.2";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton<Probe>();
        builder.Services.AddHealthChecks();
        consumers(builder.Services);
        if (amqp is null) builder.AddEmbeddedPipelineBus();
        else builder.AddPipelineBus();
        builder.Services.Configure<MassTransitHostOptions>(options => options.ConsumerStopTimeout = TimeSpan.FromMilliseconds(200));
        var host = new BusHost(builder.Build());
        await host._host.StartAsync();
        if (wait) await Eventually.TrueAsync(host.IsUpAsync, "the bus is up", 60);
        return host;
    }

    public async Task<bool> IsUpAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status == HealthStatus.Healthy;

    /// <summary>Publishes the first message of a new analysis.</summary>
    /// <param name="lane">Of the analysis.</param>
    /// <param name="timeout">For the confirmation; as the product has it by default.</param>
    /// <returns>Its id.</returns>
    public async Task<string> SubmitAsync(Lane lane = Lane.Batch, TimeSpan? timeout = null)
    {
        var message = Messages.Submitted(lane);
        await Bus.PublishConfirmedAsync(message, CancellationToken.None, timeout);
        return message.AnalysisId;
    }

    public async Task StopAsync()
    {
        if (_stopped) return;
        _stopped = true;
        await _host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
