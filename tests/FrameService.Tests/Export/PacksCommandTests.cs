using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.FrameService.Export;
using Deepfake.FrameService.Tests.Media;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.FrameService.Tests.Export;

[Collection(MediaTests.Name)]
public sealed class PacksCommandTests(MediaWorkshop workshop)
{
    [Fact]
    public async Task Packs_of_a_list_are_kept_with_their_messages_and_not_made_twice()
    {
        var folder = Directory.CreateTempSubdirectory("packs-").FullName;
        var (photo, missing) = (workshop.Still("jpg", 640), Path.Combine(folder, "missing.jpg"));
        var list = Path.Combine(folder, "list.csv");
        await File.WriteAllTextAsync(list, $"label,path\nreal,{photo}\nreal,{missing}\n");
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(1, await PacksCommand.RunAsync(["--list", list, "--out", folder], default));
            var line = Assert.Single(await File.ReadAllLinesAsync(Path.Combine(folder, ListedPack.FileName)));
            var pack = JsonSerializer.Deserialize<ListedPack>(line, DeepfakeJson.Options)!;
            Assert.Equal(photo, pack.Path);
            var store = new FolderObjectStore(folder);
            await using var stream = await store.OpenAsync(pack.Message.FramePackKey, default);
            Assert.NotEmpty((await FramePack.ReadAsync(stream, default)).Windows);
            Assert.True(await store.ExistsAsync(pack.Message.IndexKey, default));
            Assert.True(await store.ExistsAsync(pack.Message.MediaKey, default));
        }

        Assert.Equal(2, await PacksCommand.RunAsync(["--list", list], default));
        Directory.Delete(folder, recursive: true);
    }
}
