using System.Text;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Api;
using Deepfake.ResultService.Pictures;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.ResultService.Evidence;

/// <summary>What a person can look at: pictures of faces, heat maps, the report.</summary>
internal static class EvidenceEndpoints
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/analyses/{id}/faces/{trackId:int}", FaceAsync).WithName("GetFace").WithSummary("A picture of a face, as PNG: the best of those that score as high as the whole.")
            .Produces(200, contentType: "image/png").ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/faces/{trackId:int}/heatmap", HeatMapAsync).WithName("GetFaceHeatMap")
            .WithSummary("The same picture, with what speaks for manipulation laid over it in yellow to red.")
            .Produces(200, contentType: "image/png").ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/faces/{trackId:int}/frame", FrameAsync).WithName("GetFaceFrame")
            .WithSummary("The whole frame of that picture, with the face marked and its heat map in its place, as PNG.")
            .WithDescription("640 pixels a side at most. The frame comes from its thumbnail, the face from its crop.")
            .Produces(200, contentType: "image/png").ProducesProblem(404).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/report", ReportAsync).WithName("GetReport").WithSummary("The report of an analysis that is over: one HTML file that prints well.")
            .WithDescription("Everything is inside the file: pictures, time line, style. The same for machines: `report.json`.")
            .Produces(200, contentType: "text/html").ProducesProblem(404).ProducesProblem(409).RequireScope(Scopes.Read);
        group.MapGet("/analyses/{id}/report.json", ReportDocumentAsync).WithName("GetReportDocument").WithSummary("The report of an analysis that is over, for machines.")
            .WithDescription("The record as it is now with what the HTML adds to it: words for the verdict, limits, the pictures (PNG, base64).")
            .Produces<ReportDocument>().ProducesProblem(404).ProducesProblem(409).RequireScope(Scopes.Read);
    }

    private static Task<IResult> FaceAsync(string id, int trackId, HttpContext http, IAnalysisStore analyses, AnalysisReader reader, FaceCrops crops) =>
        PictureAsync(id, trackId, $"face-{trackId}.png", "There is no picture of this face.", crops.EncodeFaceAsync, http, analyses, reader);

    private static Task<IResult> HeatMapAsync(string id, int trackId, HttpContext http, IAnalysisStore analyses, AnalysisReader reader, FaceCrops crops) =>
        PictureAsync(id, trackId, $"face-{trackId}-heat.png", "There is no heat map of this face.", crops.EncodeHeatAsync, http, analyses, reader);

    private static Task<IResult> FrameAsync(string id, int trackId, HttpContext http, IAnalysisStore analyses, AnalysisReader reader, FaceCrops crops) =>
        PictureAsync(id, trackId, $"face-{trackId}-frame.png", "There is no frame with this face.", crops.EncodeFrameAsync, http, analyses, reader);

    private static async Task<IResult> PictureAsync(
        string id, int trackId, string name, string missing, Func<string, string, int, double?, CancellationToken, Task<byte[]?>> encode,
        HttpContext http, IAnalysisStore analyses, AnalysisReader reader)
    {
        var tenant = http.GetCaller().Tenant;
        var analysis = await reader.FindResultAsync(tenant, id, http.RequestAborted);
        if (analysis is null && await analyses.FindAsync(tenant, id, http.RequestAborted) is null) return AnalysisEndpoints.NotFound();
        var moment = analysis?.Faces.FirstOrDefault(face => face.TrackId == trackId)?.PictureSeconds;
        if (await encode(tenant, id, trackId, moment, http.RequestAborted) is not { } png) return Problem.Answer(ErrorCodes.NotFound, missing);
        SetHeaders(http, name, "default-src 'none'; sandbox");
        return TypedResults.Bytes(png, "image/png");
    }

    private static async Task<IResult> ReportAsync(string id, HttpContext http, IAnalysisStore analyses, AnalysisReader reader, ReportWriter writer, CancellationToken cancellationToken)
    {
        if (await GatherAsync(id, http, reader, writer, cancellationToken) is not { } content) return await MissingAsync(id, http, analyses, cancellationToken);
        var html = await writer.WriteAsync(content);
        // No script, nothing from outside: should a defect of ours let markup of a file name through, it could do nothing.
        SetHeaders(http, $"report-{id}.html", "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox");
        return TypedResults.Text(html, "text/html", Encoding.UTF8);
    }

    private static async Task<IResult> ReportDocumentAsync(
        string id, HttpContext http, IAnalysisStore analyses, AnalysisReader reader, ReportWriter writer, CancellationToken cancellationToken)
    {
        if (await GatherAsync(id, http, reader, writer, cancellationToken) is not { } content) return await MissingAsync(id, http, analyses, cancellationToken);
        SetHeaders(http, $"report-{id}.json", "default-src 'none'; sandbox");
        return TypedResults.Json(ReportDocument.Of(content), DeepfakeJson.Options);
    }

    private static async Task<ReportContent?> GatherAsync(string id, HttpContext http, AnalysisReader reader, ReportWriter writer, CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        return await reader.FindResultAsync(tenant, id, cancellationToken) is { } analysis ? await writer.GatherAsync(tenant, analysis, cancellationToken) : null;
    }

    private static async Task<IResult> MissingAsync(string id, HttpContext http, IAnalysisStore analyses, CancellationToken cancellationToken) =>
        await analyses.FindAsync(http.GetCaller().Tenant, id, cancellationToken) is null
            ? AnalysisEndpoints.NotFound()
            : Problem.Answer(ErrorCodes.NotEnded, "The analysis is not over; its report comes with its end.");

    private static void SetHeaders(HttpContext http, string name, string policy)
    {
        var headers = http.Response.Headers;
        headers.CacheControl = "private, max-age=300";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = policy;
        headers.ContentDisposition = $"inline; filename=\"{name}\"";
    }
}
