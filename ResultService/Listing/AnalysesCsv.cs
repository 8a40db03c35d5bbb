using System.Text;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Microsoft.AspNetCore.Http.Features;

namespace Deepfake.ResultService.Listing;

/// <summary>The list as a CSV file, written page by page: memory does not grow with the file.</summary>
internal sealed class AnalysesCsv(AnalysisCatalogue catalogue, string tenant, HistoryQuery query) : IResult
{
    private const int PageSize = 200;
    private const string Header = "id,created_at,completed_at,status,kind,file_name,reference,sha256,verdict,machine_verdict,reviewed,deepfake_score,error_code,version,reprocess_of\r\n";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var cancellationToken = httpContext.RequestAborted;
        // The first page before the first byte: a store that is away is then still a proper answer.
        var pages = query with { Limit = PageSize };
        var page = await catalogue.ListAsync(tenant, pages, cancellationToken);
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = "attachment; filename=\"analyses.csv\"";
        response.Headers.XContentTypeOptions = "nosniff";
        await response.WriteAsync(Header, cancellationToken);
        while (true)
        {
            var text = new StringBuilder();
            foreach (var summary in page.Items) text.Append(Line(summary));
            await response.WriteAsync(text.ToString(), cancellationToken);
            if (page.NextCursor is null) break;
            page = await catalogue.ListAsync(tenant, pages with { Cursor = page.NextCursor }, cancellationToken);
        }
    }

    private static CsvLine Line(AnalysisSummary summary) => new CsvLine()
        .Text(summary.Id).Time(summary.CreatedAt).Time(summary.CompletedAt).Name<AnalysisStatus>(summary.Status).Name(summary.Kind)
        .Text(summary.FileName).Text(summary.Reference).Text(summary.Sha256).Name(summary.Verdict).Name(summary.MachineVerdict)
        .Text(summary.Reviewed ? "true" : "false").Number(summary.DeepfakeScore).Text(summary.ErrorCode).Number(summary.Version).Text(summary.ReprocessOf);
}
