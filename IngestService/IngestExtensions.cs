using System.Globalization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Batches;
using Deepfake.IngestService.Compat;
using Deepfake.IngestService.Fetching;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Reuse;
using Deepfake.IngestService.Submission;
using Deepfake.IngestService.Sweeping;
using Deepfake.IngestService.Uploads;
using Deepfake.ServiceDefaults.Description;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Outbound;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Deepfake.IngestService;

/// <summary>Composes IngestService.</summary>
public static class IngestExtensions
{
    private const string Document = "ingest";

    /// <summary>
    /// Adds what accepting files needs. The host brings <c>IObjectStore</c>, <c>IAnalysisStore</c> and the bus (<c>AddInfrastructure</c>,
    /// <c>AddPipelineBus</c>, or the embedded ones).
    /// </summary>
    public static IHostApplicationBuilder AddIngest(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section)
            .Configure<IConfiguration>(ReadAlias).ValidateDataAnnotations().ValidateOnStart();
        services.AddProblems();
        services.ConfigureHttpJsonOptions(json => DeepfakeJson.Apply(json.SerializerOptions));
        services.AddOpenApi(Document, document =>
        {
            document.ShouldInclude = endpoint => endpoint.GroupName == Document;
            SubmitDocumentation.Describe(document);
            document.DescribeKeys();
            document.DescribeAnswers();
        });
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // 64 kbit/s: slow phones pass, a connection that is held open for its own sake does not.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(15));
        });

        services.AddSingleton<AnalysisIds>();
        services.AddSingleton<Backlog>();
        services.AddSingleton<MediaIntake>();
        services.AddSingleton<AnalysisPublisher>();
        services.AddSingleton<AnalysisRecorder>();
        services.AddDocuments<IdempotencyClaim>("idempotency_claim");
        services.AddSingleton<IdempotencyClaims>();
        services.AddDocuments<Upload>("upload");
        services.AddSingleton<UploadBook>();
        services.AddSingleton<UploadTurns>();
        services.AddSingleton<UploadSubmission>();
        services.AddSingleton<TusEndpoints>();
        services.AddDocuments<SigningKey>("signing_key");
        services.AddSingleton<DirectUploads>();
        services.AddDocuments<StoredBatch>("batch");
        services.AddDocuments<BatchClaim>("batch_claim");
        services.AddSingleton<BatchBook>();
        services.AddSingleton<BatchClaims>();
        services.AddSingleton<BatchIntake>();
        services.AddSingleton<BatchView>();
        services.AddSingleton<BatchWork>();
        services.AddSingleton<EndedAnalyses>();
        services.AddSingleton<OldPatience>();
        services.AddSingleton<OldModels>();
        services.AddOutbound();
        services.AddSingleton<MediaFetcher>();
        services.AddSingleton<UrlSubmission>();
        services.AddSingleton<NamedSubmission>();
        services.AddSingleton<CurrentModels>();
        services.AddSingleton<FinishedResults>();
        services.AddSingleton<Submitter>();
        services.AddSingleton<UnpublishedSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<UnpublishedSweeper>());
        services.AddHostedService<RecoverySweeper>();
        services.AddSingleton<IExpiry, ExpiredClaims>();
        services.AddSingleton<IExpiry, ExpiredUploads>();
        services.AddSingleton<IExpiry>(provider => provider.GetRequiredService<BatchClaims>());
        services.AddHostedService<BatchRunner>();
        services.AddHostedService<ExpirySweeper>();
        return builder;
    }

    /// <summary>Maps <c>POST /v1/analyses</c>, <c>/v1/uploads</c>, <c>/v1/batches</c>, the earlier systems' addresses and its OpenAPI document, <c>/openapi/ingest.json</c>.</summary>
    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/analyses", SubmitEndpoint.HandleAsync)
            .RequireScope(Scopes.Write).AddEndpointFilter<RejectionFilter>()
            .WithName("SubmitAnalysis").WithTags("Analyses").WithGroupName(Document)
            .WithSummary("Submit a file for analysis")
            .WithDescription("The file goes into the form part `file`, or is the body itself, or is named in JSON. What it is gets decided from its content. Answers as soon as file and record are durable; "
                + "follow `Location` for progress and result. With an `Idempotency-Key`, repeating the request gives the same answer for 24 hours; with `reuse=true` a finished result of "
                + "the same content, models and options is answered at once.")
            .Produces<Analysis>()
            .Produces<Analysis>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        UploadEndpoints.Map(app, Document);
        DirectEndpoints.Map(app, Document);
        BatchEndpoints.Map(app, Document);
        OldEndpoints.Map(app, Document);
        // The name is pinned, so that services that share a host each serve their own document.
        app.MapOpenApi($"/openapi/{{documentName:regex(^{Document}$)}}.json").AllowAnonymous();
        return app;
    }

    private static void ReadAlias(IngestOptions options, IConfiguration configuration)
    {
        ReadSizeAlias(options, configuration);
        if (configuration[$"{IngestOptions.Section}:{nameof(IngestOptions.PredictionThreshold)}"] is not null) return;
        if (configuration["PREDICTION_THRESHOLD"] is not { Length: > 0 } threshold) return;
        if (!double.TryParse(threshold, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is not (>= 0 and <= 1))
            throw new InvalidOperationException("PREDICTION_THRESHOLD is a probability from 0 to 1.");
        options.PredictionThreshold = value;
    }

    private static void ReadSizeAlias(IngestOptions options, IConfiguration configuration)
    {
        if (configuration[$"{IngestOptions.Section}:{nameof(IngestOptions.MaxBytes)}"] is not null) return;
        if (configuration["MAX_FILE_SIZE_MB"] is not { Length: > 0 } megabytes) return;
        if (!double.TryParse(megabytes, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is not (> 0 and <= 65536))
            throw new InvalidOperationException("MAX_FILE_SIZE_MB is a number of megabytes, above 0 and at most 65536.");
        options.MaxBytes = (long)(value * 1024 * 1024);
    }
}
