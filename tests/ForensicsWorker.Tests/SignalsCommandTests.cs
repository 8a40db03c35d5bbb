using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Measuring;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Objects;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class SignalsCommandTests
{
    [Fact]
    public async Task Every_medium_gets_a_row_a_signal()
    {
        var folder = Directory.CreateTempSubdirectory("signals-").FullName;
        var store = new FolderObjectStore(folder);
        var message = new FramesExtracted
        {
            AnalysisId = "an_1",
            Tenant = "t",
            Lane = Lane.Batch,
            ShardCount = 0,
            IndexKey = ObjectKeys.Index("t", "an_1"),
            FramePackKey = ObjectKeys.FramePack("t", "an_1"),
            MediaKey = ObjectKeys.Media("t", "an_1"),
            Format = MediaFormat.Png,
            Kind = MediaKind.Image,
            Deadline = DateTimeOffset.MaxValue,
        };
        using var pack = new MemoryStream();
        await TestMaterial.Pack([TestMaterial.Natural(256, 1)], 256, new Box(80, 80, 96, 96)).WriteAsync(pack, default);
        await store.PutAsync(message.FramePackKey, new MemoryStream(pack.ToArray()), "", default);
        await store.PutAsync(message.MediaKey, new MemoryStream(TestMaterial.Sample("generator.png")), "", default);
        string[] lines = [Line("a.png", message), Line("b.png", message with { FramePackKey = "t/an_2/frames.safetensors" })];
        await File.WriteAllLinesAsync(Path.Combine(folder, ListedPack.FileName), lines);
        var output = Path.Combine(folder, "rows.jsonl");

        Assert.Equal(1, await SignalsCommand.RunAsync(["--packs", folder, "--out", output], default));
        var rows = (await File.ReadAllLinesAsync(output)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal(SignalSuite.All.Select(signal => signal.Name), rows.Select(row => row.GetProperty("signal").GetString()));
        Assert.All(rows, row => Assert.Equal("a.png", row.GetProperty("path").GetString()));
        Assert.Equal(1, rows.Single(row => row.GetProperty("signal").GetString() == "metadata").GetProperty("raw").GetDouble());
        Assert.Equal(24, rows[0].GetProperty("features").GetArrayLength());
        Assert.Equal(2, await SignalsCommand.RunAsync(["--packs", folder], default));
        Directory.Delete(folder, recursive: true);
    }

    private static string Line(string path, FramesExtracted message) => JsonSerializer.Serialize(new ListedPack(path, message), DeepfakeJson.Options);
}
