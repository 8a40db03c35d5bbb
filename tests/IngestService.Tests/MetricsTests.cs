using System.Diagnostics.Metrics;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Tests;

public sealed class MetricsTests
{
    [Fact]
    public async Task Uploads_bytes_and_refusals_are_counted()
    {
        var counted = new Dictionary<string, long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == Telemetry.SourceName) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var key = $"{instrument.Name} {tags[0].Value}";
            lock (counted) counted[key] = counted.GetValueOrDefault(key) + value;
        });
        listener.Start();
        await using var host = await IngestHost.StartAsync();
        var jpeg = SampleMedia.Make("jpg:-frames:v 1");

        for (var i = 0; i < 2; i++) (await host.PostRawAsync(jpeg)).Dispose();
        (await host.PostRawAsync("text"u8.ToArray())).Dispose();

        lock (counted)
        {
            Assert.Equal(2, counted["deepfake.ingest.uploads jpeg"]);
            Assert.Equal(2 * jpeg.Length, counted["deepfake.ingest.bytes jpeg"]);
            Assert.Equal(1, counted["deepfake.ingest.rejections unsupported_media"]);
        }
    }
}
