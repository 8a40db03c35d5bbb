using System.ComponentModel;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Faces;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Deepfake.FrameService;

/// <summary>Whether ffmpeg and ffprobe can be started and a face detector is loaded.</summary>
internal sealed class MediaToolsCheck(IOptions<FrameServiceOptions> options, FaceFinder finder) : IHealthCheck
{
    private bool _seen;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // Programs do not go away while a process runs: asking once is enough.
        foreach (var program in _seen ? [] : new[] { options.Value.Ffmpeg, options.Value.Ffprobe })
        {
            if (!await AnswersAsync(program, cancellationToken)) return HealthCheckResult.Unhealthy($"'{Path.GetFileName(program)}' cannot be run.");
        }

        _seen = true;
        return finder.HasPrimary ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded("The primary face detector is not loaded.");
    }

    private static async Task<bool> AnswersAsync(string program, CancellationToken cancellationToken)
    {
        try
        {
            await using var child = ChildProcess.Start(program, ["-hide_banner", "-version"], TimeSpan.FromSeconds(5), cancellationToken: cancellationToken);
            await child.Output.CopyToAsync(Stream.Null, cancellationToken);
            return await child.WaitAsync() == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
