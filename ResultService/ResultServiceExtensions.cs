using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Api;
using Deepfake.ResultService.Consumers;
using Deepfake.ResultService.Events;
using Deepfake.ResultService.Evidence;
using Deepfake.ResultService.Listing;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Pictures;
using Deepfake.ResultService.Removal;
using Deepfake.ResultService.Reviews;
using Deepfake.ResultService.Sweeping;
using Deepfake.ResultService.Versions;
using Deepfake.ResultService.Webhooks;
using Deepfake.ServiceDefaults.Description;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.ResultService;

/// <summary>Composes ResultService; its own host and Standalone call the same two methods.</summary>
public static partial class ResultServiceExtensions
{
    /// <summary>Name of the OpenAPI document and of the group of endpoints.</summary>
    public const string DocumentName = "result";

    /// <summary>Adds consumers, sweepers, read API and webhooks. Needs infrastructure and a bus.</summary>
    public static IHostApplicationBuilder AddResults(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ResultOptions>().BindConfiguration(ResultOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ResultMetrics>();
        services.AddSingleton<FusionSource>();
        services.AddSingleton<StagePaces>();
        services.AddSingleton<AnalysisFeed>();
        services.AddSingleton<AnalysisFinisher>();
        services.AddSingleton<AnalysisMerger>();
        services.AddSingleton<AnalysisReader>();
        services.AddSingleton<AnalysisCatalogue>();
        services.AddSingleton<FaceCrops>();
        services.AddSingleton<ShownFrames>();
        services.AddSingleton<ReportWriter>();
        services.AddWebhooks();
        services.AddHostedService<AnnouncementSweeper>();
        services.AddHostedService<DeadlineWatchdog>();
        services.AddHostedService<ObjectJanitor>();
        services.AddDocuments<Deletion>("deletion").AddDocuments<RetentionRule>("retention").AddDocuments<VersionCounter>("versions").AddDocuments<ReviewFile>("review");
        services.AddSingleton<AnalysisRemover>();
        services.AddSingleton<RetentionRules>();
        services.AddSingleton<VersionBook>();
        services.AddSingleton<Reprocessor>();
        services.AddSingleton<ReviewBook>();
        services.AddHostedService<ReviewSweeper>();
        services.AddHostedService<RemovalSweeper>();
        services.AddHostedService<RetentionSweeper>();
        services.AddPipelineConsumer<ResultConsumer>(ResultConsumer.Settings);
        services.ConfigureHttpJsonOptions(json => DeepfakeJson.Apply(json.SerializerOptions));
        services.AddProblems();
        services.AddOpenApi(DocumentName, document =>
        {
            document.ShouldInclude = endpoint => endpoint.GroupName == DocumentName;
            document.DescribeKeys();
            document.DescribeAnswers();
        });
        return builder;
    }

    /// <summary>Maps the read API under <c>/v1</c> and its description at <c>/openapi/result.json</c>.</summary>
    public static IEndpointRouteBuilder MapResults(this IEndpointRouteBuilder app)
    {
        // The constraint keeps the route apart from other services' documents in the embedded host.
        app.MapOpenApi($"/openapi/{{documentName:regex(^{DocumentName}$)}}.json").AllowAnonymous();
        var group = app.MapGroup("/v1").WithGroupName(DocumentName).WithTags("Results").AddEndpointFilter(GuardAsync);
        AnalysisEndpoints.Map(group);
        EvidenceEndpoints.Map(group);
        RemovalEndpoints.Map(group);
        VersionEndpoints.Map(group);
        ReviewEndpoints.Map(group);
        WebhookApi.Map(group);
        return app;
    }

    // A store that is away is not a defect: tell clients to come back.
    private static async ValueTask<object?> GuardAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        // Ids become keys of stores: what this service never gave out does not reach them.
        if (context.HttpContext.GetRouteValue("id") is string id && !AnalysisEndpoints.IsId(id)) return AnalysisEndpoints.NotFound();
        try
        {
            return await next(context);
        }
        catch (Exception e) when (Outage.Is(e) && !context.HttpContext.Response.HasStarted)
        {
            LogOutage(context.HttpContext.RequestServices.GetRequiredService<ILogger<AnalysisMerger>>(), e, context.HttpContext.Request.Path);
            return Problem.Answer(ErrorCodes.Unavailable, "A store is out of reach; try again shortly.", retryAfter: TimeSpan.FromSeconds(5));
        }
    }

    [LoggerMessage(5301, LogLevel.Warning, "{Path} could not be answered: a store is out of reach.")]
    private static partial void LogOutage(ILogger logger, Exception exception, string path);
}
