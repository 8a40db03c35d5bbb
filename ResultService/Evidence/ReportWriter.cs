using System.Reflection;
using Deepfake.Contracts;
using Deepfake.ResultService.Pictures;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Deepfake.ResultService.Evidence;

/// <summary>Makes the report of an analysis that is over: one HTML file with everything in it.</summary>
public sealed class ReportWriter(FaceCrops crops, IServiceProvider services, ILoggerFactory loggers, TimeProvider time)
{
    private static readonly string Version =
        typeof(ReportWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    /// <summary>Gathers what the report shows.</summary>
    public async Task<ReportContent> GatherAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        var faces = new List<ReportFace>();
        var shown = ShownFrames.Faces(analysis.Faces);
        foreach (var track in shown.OrderBy(face => face.TrackId))
        {
            faces.Add(new ReportFace(
                track,
                await crops.EncodeFaceAsync(tenant, analysis.Id, track.TrackId, track.PictureSeconds, cancellationToken),
                track.HeatMap is null ? null : await crops.EncodeHeatAsync(tenant, analysis.Id, track.TrackId, track.PictureSeconds, cancellationToken),
                track == shown[0] ? await crops.EncodeFrameAsync(tenant, analysis.Id, track.TrackId, track.PictureSeconds, cancellationToken) : null));
        }

        return new ReportContent(analysis, faces, Version, time.GetUtcNow());
    }

    /// <summary>The report as HTML.</summary>
    public async Task<string> WriteAsync(ReportContent content)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(ReportPage.Content)] = content });
            return (await renderer.RenderComponentAsync<ReportPage>(parameters)).ToHtmlString();
        });
    }
}
