using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Bus;

/// <summary>Composes the bus of a host from the consumers its services registered.</summary>
public static class BusExtensions
{
    private static readonly int[] DefaultRetries = [100, 500];
    private static readonly double[] DefaultRedeliveries = [5, 30, 120];

    /// <summary>Registers a consumer class. Call before the bus is added.</summary>
    public static IServiceCollection AddPipelineConsumer<TConsumer>(this IServiceCollection services, ConsumerSettings settings)
        where TConsumer : class, IConsumer => services.AddSingleton(new ConsumerRegistration(typeof(TConsumer), settings));

    /// <summary>The bus inside this process; call after every service was added.</summary>
    public static IHostApplicationBuilder AddEmbeddedPipelineBus(this IHostApplicationBuilder builder)
    {
        var consumers = Prepare(builder);
        builder.Services.AddSingleton<IRedeliveryRoute, InMemoryRedelivery>();
        builder.Services.AddMassTransit(x =>
        {
            Register(x, consumers);
            x.UsingInMemory((context, bus) => InMemoryBus.Configure(context, bus, consumers, context.GetRequiredService<IOptions<BusOptions>>()));
        });
        return builder;
    }

    /// <summary>The bus on RabbitMQ, from <c>ConnectionStrings:messaging</c> (amqp://user:password@host:port); call after every service was added.</summary>
    /// <exception cref="InvalidOperationException">The connection string is missing or no amqp address.</exception>
    public static IHostApplicationBuilder AddPipelineBus(this IHostApplicationBuilder builder)
    {
        var text = builder.Configuration.GetConnectionString("messaging");
        if (string.IsNullOrWhiteSpace(text))
            throw new InvalidOperationException("ConnectionStrings:messaging is missing; its form is amqp://user:password@host:port.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("amqp" or "amqps"))
            throw new InvalidOperationException("ConnectionStrings:messaging is no amqp:// or amqps:// address.");

        var consumers = Prepare(builder);
        builder.Services.AddSingleton<IRedeliveryRoute, RabbitMqRedelivery>();
        builder.Services.AddSingleton(services => new WaitQueues(
            address, consumers, services.GetRequiredService<IOptions<BusOptions>>().Value, services.GetRequiredService<ILogger<WaitQueues>>()));
        builder.Services.AddHostedService(services => services.GetRequiredService<WaitQueues>());
        builder.Services.AddMassTransit(x =>
        {
            Register(x, consumers);
            x.AddConsumer<DeadLetterConsumer>();
            x.UsingRabbitMq((context, bus) =>
                RabbitMqBus.Configure(context, bus, address, consumers, context.GetRequiredService<IOptions<BusOptions>>().Value));
        });
        return builder;
    }

    private static IReadOnlyList<ConsumerRegistration> Prepare(IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<BusOptions>().BindConfiguration("Bus").PostConfigure(options =>
        {
            // Lists are set after binding: the binder would append to a default.
            if (options.RetryMilliseconds.Count == 0) options.RetryMilliseconds = DefaultRetries;
            if (options.RedeliverySeconds.Count == 0) options.RedeliverySeconds = DefaultRedeliveries;
        }).ValidateDataAnnotations().ValidateOnStart();
        // Shorter than the host's own limit: work in hand ends or is handed back before the process is told to die.
        builder.Services.AddOptions<MassTransitHostOptions>().Configure<IOptions<BusOptions>>((options, bus) =>
        {
            options.StopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds + 5);
            options.ConsumerStopTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds);
        });
        builder.Services.AddOptions<HostOptions>().PostConfigure<IOptions<BusOptions>>(
            (options, bus) => options.ShutdownTimeout = TimeSpan.FromSeconds(bus.Value.StopSeconds + 10));
        return [.. builder.Services.Select(service => service.ImplementationInstance).OfType<ConsumerRegistration>()];
    }

    private static void Register(IBusRegistrationConfigurator x, IReadOnlyList<ConsumerRegistration> consumers)
    {
        x.DisableUsageTelemetry();
        foreach (var consumer in consumers.Select(registration => registration.Consumer).Distinct()) x.AddConsumer(consumer);
    }
}
