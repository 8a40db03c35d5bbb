using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using MassTransit;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Sends the completion notice of an analysis that asked for one. A failed attempt throws, and the bus tries again later.</summary>
public sealed partial class WebhookConsumer(IAnalysisStore analyses, WebhookSender sender, ILogger<WebhookConsumer> logger) : IConsumer<AnalysisCompleted>
{
    /// <summary>Receivers are slow: many at once, none of them holds up the results.</summary>
    public static ConsumerSettings Settings { get; } = new()
    {
        Queue = "webhooks",
        PerLane = false,
        Concurrency = 16,
        Prefetch = 32,
        Timeout = TimeSpan.FromSeconds(90),
    };

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<AnalysisCompleted> context)
    {
        var message = context.Message;
        if (await analyses.FindAsync(message.AnalysisId, context.CancellationToken) is not { Record.WebhookUrl: { } url }) return;
        if (await analyses.FindResultAsync(message.Tenant, message.AnalysisId, context.CancellationToken) is not { } analysis) return;
        var (outcome, detail) = await sender.SendAsync(url, analysis, context.CancellationToken);
        switch (outcome)
        {
            case WebhookOutcome.Delivered:
                LogDelivered(message.AnalysisId);
                break;
            case WebhookOutcome.Refused:
                LogRefused(message.AnalysisId, detail);
                break;
            default:
                throw new WebhookFailedException(detail);
        }
    }

    [LoggerMessage(5201, LogLevel.Information, "The notice of {AnalysisId} was delivered.")]
    private partial void LogDelivered(string analysisId);

    [LoggerMessage(5202, LogLevel.Warning, "The notice of {AnalysisId} will not be sent: {Reason}.")]
    private partial void LogRefused(string analysisId, string reason);
}

/// <summary>A receiver did not take a notice; another attempt may help.</summary>
public sealed class WebhookFailedException(string detail) : Exception("The notice was not delivered: " + detail + ".");
