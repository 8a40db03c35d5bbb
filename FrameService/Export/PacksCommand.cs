using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Probing;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Deepfake.FrameService.Export;

/// <summary>
/// <c>packs --list FILE.csv --out DIR</c>: runs the frame stage of serving on a list of media and keeps its objects and its last message,
/// for commands of other services (<c>Deepfake.ForensicsWorker signals</c>).
/// </summary>
internal static class PacksCommand
{
    /// <summary>Usage.</summary>
    public const string Usage = """
        Usage: Deepfake.FrameService packs --list FILE.csv --out DIR
          --list  CSV with a header and a column "path": images and videos, absolute or relative to the folder of the CSV.
          --out   Folder for packs.jsonl (one line a medium: path, message) and the objects the messages name. Media that it holds
                  already are not done again.
        """;

    private const string Tenant = "packs";

    /// <summary>Runs the command line.</summary>
    /// <returns>0, 1 when some media could not be read, 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (arguments is not ["--list", var list, "--out", var folder])
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var options = new FrameServiceOptions();
        var store = new FolderObjectStore(folder);
        using var finder = FaceFinderFactory.Create(options, NullLogger.Instance);
        var stage = new FrameStage(store, finder, Options.Create(options));
        var index = Path.Combine(folder, ListedPack.FileName);
        var done = File.Exists(index) ? File.ReadLines(index).Select(line => JsonSerializer.Deserialize<ListedPack>(line, DeepfakeJson.Options)!.Path).ToHashSet(StringComparer.Ordinal) : [];
        await using var lines = new StreamWriter(index, append: true, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var watch = Stopwatch.StartNew();
        int number = done.Count, failed = 0;
        foreach (var medium in MediaList.Read(list))
        {
            if (!done.Add(medium.Name)) continue;
            try
            {
                var message = await ExtractAsync(stage, store, medium, number, cancellationToken);
                await lines.WriteLineAsync(JsonSerializer.Serialize(new ListedPack(medium.Name, message), DeepfakeJson.Options));
                if (++number % 100 == 0) await lines.FlushAsync(cancellationToken);
            }
            catch (Exception e) when (e is MediaException or InvalidDataException or DecodeTimeoutException or IOException)
            {
                failed++;
                await Console.Error.WriteLineAsync($"{medium.Name}: {e.Message}");
            }
        }

        await Console.Error.WriteLineAsync($"{number} media, {failed} unreadable, {watch.Elapsed.TotalSeconds:0.0} s");
        return failed == 0 ? 0 : 1;
    }

    private static async Task<FramesExtracted> ExtractAsync(FrameStage stage, FolderObjectStore store, ListedMedium medium, int number, CancellationToken cancellationToken)
    {
        var format = MediaList.Format(medium.Path) ?? throw new InvalidDataException("unknown format");
        var id = "an_" + number.ToString("d6", CultureInfo.InvariantCulture);
        await using (var file = File.OpenRead(medium.Path)) await store.PutAsync(ObjectKeys.Media(Tenant, id), file, "application/octet-stream", cancellationToken);
        var bus = new LastMessage();
        await stage.RunAsync(
            new MediaSubmitted
            {
                AnalysisId = id,
                Tenant = Tenant,
                Lane = Lane.Batch,
                MediaKey = ObjectKeys.Media(Tenant, id),
                Format = format,
                SizeBytes = new FileInfo(medium.Path).Length,
                Deadline = DateTimeOffset.MaxValue,
            },
            bus,
            cancellationToken);
        var message = bus.Frames!;
        // Crops are for the networks; here they would be most of the bytes.
        for (var shard = 0; shard < message.ShardCount; shard++) await store.DeleteAsync(ObjectKeys.FacePack(Tenant, id, shard), cancellationToken);
        return message;
    }
}
