using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Composes the webhooks of ResultService.</summary>
internal static class WebhookExtensions
{
    /// <summary>Adds endpoints, deliveries and their dispatcher.</summary>
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section).PostConfigure(options =>
        {
            // Lists are set after binding: the binder would append to a default.
            if (options.RetryDelays.Count == 0) options.RetryDelays = RetrySchedule.Standard;
        }).ValidateDataAnnotations().ValidateOnStart();
        services.AddOutbound();
        services.AddDocuments<WebhookEndpoint>("webhook_endpoint");
        services.AddDocuments<Delivery>("webhook_delivery");
        services.AddSingleton<WebhookMetrics>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<EndpointRegistry>();
        services.AddSingleton<DeliverySignal>();
        services.AddSingleton(provider => new TenantShares(provider.GetRequiredService<IOptions<WebhookOptions>>().Value.Concurrency));
        services.AddSingleton<DeliveryOutbox>();
        services.AddSingleton<DeliveryCourier>();
        services.AddHostedService<DeliveryDispatcher>();
        return services;
    }
}
