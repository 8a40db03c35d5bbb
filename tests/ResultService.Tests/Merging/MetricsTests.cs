using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Merging;

public sealed class MetricsTests
{
    [Fact]
    public async Task An_end_is_counted_with_its_status_verdict_and_times()
    {
        var seen = new ConcurrentDictionary<string, string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Deepfake") self.EnableMeasurementEvents(instrument);
            },
        };
        void Record<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
            seen[instrument.Name] = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
        listener.SetMeasurementEventCallback<long>(Record);
        listener.SetMeasurementEventCallback<double>(Record);
        listener.Start();

        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        // A first sign of work of its own: parts that come all together end an analysis at once.
        await host.Bus.Publish(new AnalysisProgressed { AnalysisId = submission.Id, Tenant = "default", Lane = Lane.Interactive, Stage = Stage.Frames, Fraction = 0.5 });
        await Eventually.TrueAsync(() => seen.ContainsKey("deepfake.analysis.wait"), "the first sign of work is measured");
        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);

        foreach (var name in new[] { "deepfake.analyses.ended", "deepfake.verdicts", "deepfake.analysis.duration", "deepfake.analysis.wait", "deepfake.analysis.announcement" })
            await Eventually.TrueAsync(() => seen.ContainsKey(name), $"{name} is measured");
    }
}
