using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Compat;

/// <summary>Addresses of the earlier systems: a submission like every other, a bounded wait, and the answer in the words that their clients know.</summary>
internal static class OldEndpoints
{
    private static readonly IReadOnlySet<MediaFormat> Pictures =
        new HashSet<MediaFormat> { MediaFormat.Jpeg, MediaFormat.Png, MediaFormat.Webp, MediaFormat.Gif, MediaFormat.Bmp, MediaFormat.Tiff };

    private static readonly IReadOnlySet<MediaFormat> Films =
        new HashSet<MediaFormat> { MediaFormat.Mp4, MediaFormat.Mov, MediaFormat.Avi, MediaFormat.Mkv, MediaFormat.Webm, MediaFormat.Gif, MediaFormat.Webp };

    public static void Map(IEndpointRouteBuilder app, string document)
    {
        var group = app.MapGroup("").WithGroupName(document).WithTags("Earlier systems").AddEndpointFilter<RejectionFilter>();
        MapFile<AnalyzeAnswer>(group, "/api/analyze", "Analyze", "Analyses a picture, an animation or a film, and waits for the answer.", null, (shape, analysis) => shape.Analyze(analysis));
        MapFile<PredictAnswer>(group, "/predict", "Predict", "The same, with a label and an explanation.", null, (shape, analysis) => shape.Predict(analysis));
        MapFile<FileAnswer>(group, "/predict/image", "PredictImage", "The same for a picture.", Pictures, (shape, analysis) => shape.File(analysis));
        MapFile<FileAnswer>(group, "/predict/video", "PredictVideo", "The same for a film.", Films, (shape, analysis) => shape.File(analysis));
        MapFile<UploadAnswer>(group, "/upload", "UploadVideo", "The same for a film, with its frames counted.", Films, (shape, analysis) => shape.Upload(analysis));
        Describe(group.MapPost("/predict/batch", OldBatch.HandleAsync), OldDocumentation.Batch, "Analyses several files; each that cannot be analysed has its own error.")
            .Produces<IReadOnlyList<PredictAnswer>>().Produces<Batch>(202);
        foreach (var (path, name) in new[] { ("/api/models/info", "GetModelsInfo"), ("/model-info", "GetModelInfo"), ("/info", "GetInfo") })
            group.MapGet(path, ModelsAsync).RequireScope(Scopes.Read).WithName(name).WithSummary("The models, their weights in the ensemble, and where verdicts begin.").Produces<ModelsInfo>();
        group.MapGet("/api/stats", StatisticsAsync).RequireScope(Scopes.Read).WithName("GetStats").WithSummary("What all ended analyses came to.").Produces<DetectionStats>();
    }

    private static void MapFile<T>(RouteGroupBuilder group, string path, string name, string summary, IReadOnlySet<MediaFormat>? formats, Func<OldShape, Analysis, T> answer)
        where T : OldAnswer =>
        Describe(
            group.MapPost(path, (HttpContext http, Submitter submitter, EndedAnalyses ended, OldPatience patience, IOptions<IngestOptions> options) =>
                HandleAsync(http, submitter, ended, patience, options.Value, formats, answer)),
            name, summary).Produces<T>().Produces<Analysis>(202);

    private static RouteHandlerBuilder Describe(RouteHandlerBuilder endpoint, string name, string summary) => endpoint
        .RequireScope(Scopes.Write).WithName(name).WithSummary(summary)
        .WithDescription("For clients of earlier systems. The file is submitted like every other, with the same options, limits and errors; the answer waits for the end. `202` with `Location` where that "
            + "takes longer than `Ingest:AnswerWait`: the result is there when it is ready.")
        .ProducesProblem(400).ProducesProblem(409).ProducesProblem(413).ProducesProblem(415).ProducesProblem(422).ProducesProblem(500).ProducesProblem(503);

    private static async Task<IResult> HandleAsync<T>(
        HttpContext http, Submitter submitter, EndedAnalyses ended, OldPatience patience, IngestOptions options, IReadOnlySet<MediaFormat>? formats, Func<OldShape, Analysis, T> answer)
    {
        var request = SubmitEndpoint.Read(http, "sync", options) with { Formats = formats };
        var outcome = await submitter.SubmitAsync(
            request, store => FormBody.IsForm(http.Request) ? FormBody.ReadAsync(http.Request, store, http.RequestAborted, anyName: true) : RawBody.ReadAsync(http.Request, store), http.RequestAborted);
        if (outcome is { Kind: OutcomeKind.Accepted, IsReplayed: false }) IngestMetrics.Accepted(outcome.Analysis);
        if (outcome.IsReplayed) http.Response.Headers[SubmitEndpoint.ReplayedHeader] = "true";
        using var wait = patience.Begin();
        var address = $"/v1/analyses/{outcome.Analysis.Id}";
        var analysis = outcome.Kind == OutcomeKind.Reused ? outcome.Analysis : await ended.WaitAsync(request.Tenant, outcome.Analysis.Id, wait.Token, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        if (analysis is null) return TypedResults.Accepted(address, outcome.Analysis);
        http.Response.Headers.ContentLocation = address;
        if (Failure(analysis) is { } failure) return Problem.Answer(failure.Code, failure.Detail);
        return TypedResults.Json(answer(new OldShape(options.PredictionThreshold), analysis), DeepfakeJson.Options);
    }

    /// <summary>Why an ended analysis has no verdict; null where it has one.</summary>
    public static AnalysisError? Failure(Analysis analysis) => analysis.Status switch
    {
        AnalysisStatus.Completed => null,
        AnalysisStatus.Failed when analysis.Error is { } error => error,
        _ => new AnalysisError(ErrorCodes.NoVerdict, "The analysis was cancelled."),
    };

    private static async Task<IResult> ModelsAsync(HttpContext http, OldModels models) =>
        TypedResults.Json(await models.ReadAsync(http.GetCaller().Tenant, http.RequestAborted), DeepfakeJson.Options);

    private static async Task<IResult> StatisticsAsync(HttpContext http, IHistoryStore history)
    {
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(DetectionStats.Of(await history.GetStatisticsAsync(http.GetCaller().Tenant, HistoryWindow.Ever, http.RequestAborted)), DeepfakeJson.Options);
    }
}
