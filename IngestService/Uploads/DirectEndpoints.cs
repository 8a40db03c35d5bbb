using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;

namespace Deepfake.IngestService.Uploads;

/// <summary>Upload in two steps, past this service where the object store has an address.</summary>
internal static class DirectEndpoints
{
    private const long Margin = 64 * 1024;

    public static void Map(IEndpointRouteBuilder app, string document)
    {
        var group = app.MapGroup("").WithGroupName(document).WithTags("Uploads").AddEndpointFilter<RejectionFilter>();
        group.MapPost("/v1/uploads/direct", CreateAsync).RequireScope(Scopes.Write)
            .WithName("CreateDirectUpload").WithSummary("Gives out an address to put a file at.")
            .WithDescription("The body says `size_bytes`, and may say `sha256`, `file_name` and the options of a submission. Put the file at `url` with exactly that length, then submit `upload_id`.")
            .Accepts<JsonElement>("application/json")
            .Produces<DirectUpload>(201).ProducesProblem(400).ProducesProblem(413).ProducesProblem(503);
        // The address is the permission: it was given to one who had it.
        group.MapPut("/v1/uploads/direct/{id}", PutAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> CreateAsync(HttpContext http, DirectUploads uploads)
    {
        using var json = await JsonBody.ParseAsync(http.Request, JsonBody.MaxBytes, http.RequestAborted);
        var body = json.RootElement;
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("size_bytes", out var size) || size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out var bytes))
            throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "size_bytes is the number of bytes that will come.");
        var sha256 = JsonBody.Text(body, "sha256");
        if (sha256 is not null && !(sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower))) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "sha256 is 64 lower-case hex digits.");
        var request = new DirectUploadRequest(bytes, sha256, JsonBody.ReadOptions(body).Over(new SubmissionFields()));
        var upload = await uploads.CreateAsync(http.GetCaller().Tenant, request, $"{http.Request.Scheme}://{http.Request.Host}", http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/v1/uploads/{upload.UploadId}", upload);
    }

    private static async Task<IResult> PutAsync(string id, string tenant, long length, long expires, string signature, HttpContext http, DirectUploads uploads)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = Math.Max(length, 0) + Margin;
        await uploads.PutAsync(id, new DirectTicket(tenant, length, expires, signature), http.Request.Body, http.Request.ContentLength, http.RequestAborted);
        return TypedResults.Ok();
    }
}
