using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.IngestService.Uploads;

/// <summary>The addresses of uploads.</summary>
internal static class UploadEndpoints
{
    private const string Root = "/v1/uploads";
    private const string One = Root + "/{id}";

    public static void Map(IEndpointRouteBuilder app, string document)
    {
        var group = app.MapGroup("").WithGroupName(document).WithTags("Uploads").RequireScope(Scopes.Write).AddEndpointFilter<RejectionFilter>();
        group.MapMethods(Root, ["OPTIONS"], (HttpContext http, TusEndpoints tus) => tus.Describe(http))
            .WithName("DescribeUploads").WithSummary("What resumable upload (tus 1.0) can do here: versions, extensions, largest size.").Produces(204);
        group.MapMethods(One, ["OPTIONS"], (string id, HttpContext http, TusEndpoints tus) => tus.Describe(http)).ExcludeFromDescription();
        group.MapPost(Root, (HttpContext http, TusEndpoints tus) => tus.CreateAsync(http))
            .WithName("CreateUpload").WithSummary("Begins a resumable upload (tus 1.0).")
            .WithDescription("`Upload-Length` says how many bytes will come, `Upload-Metadata` names the file (`filename`) and may hold the options of a submission and `analyze` = `true`, which "
                + "submits it as soon as it is complete. `Location` is where the bytes go.")
            .Produces(201).ProducesProblem(400).ProducesProblem(412).ProducesProblem(413).ProducesProblem(503);
        group.MapMethods(One, ["HEAD"], (string id, HttpContext http, TusEndpoints tus) => tus.FindAsync(id, http))
            .WithName("FindUpload").WithSummary("Where a resumable upload stands: `Upload-Offset` bytes are durable.").Produces(200).ProducesProblem(404).ProducesProblem(412);
        group.MapPatch(One, (string id, HttpContext http, TusEndpoints tus) => tus.AppendAsync(id, http))
            .WithName("ContinueUpload").WithSummary("The next bytes of a resumable upload, from `Upload-Offset` on.")
            .WithDescription("With `Upload-Checksum`, bytes that do not have it are not kept (460). When the last byte has come the file is looked at; what is not welcome is removed.")
            .Produces(204).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesProblem(413).ProducesProblem(415).ProducesProblem(460).ProducesProblem(503);
        group.MapDelete(One, (string id, HttpContext http, TusEndpoints tus) => tus.TerminateAsync(id, http))
            .WithName("DeleteUpload").WithSummary("Ends an upload and removes its bytes.").Produces(204).ProducesProblem(404);
        group.MapPost(One, (string id, HttpContext http, TusEndpoints tus) => tus.OverrideAsync(id, http)).ExcludeFromDescription();
        group.MapGet(One, GetAsync)
            .WithName("GetUpload").WithSummary("An upload as JSON: how far it is, what it is, which analysis it became.").Produces<UploadStatus>().ProducesProblem(404);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext http, UploadBook book, UploadSubmission submission)
    {
        http.Response.Headers.CacheControl = "no-store";
        var (tenant, upload) = (http.GetCaller().Tenant, (await book.GetAsync(http.GetCaller().Tenant, id, http.RequestAborted)).Value);
        return TypedResults.Ok(UploadStatus.Of(upload, upload.State == UploadState.Submitted ? await submission.FindAnalysisAsync(tenant, upload.AnalysisId, http.RequestAborted) : null));
    }
}
