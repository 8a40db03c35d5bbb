using Deepfake.Infrastructure.Objects;

namespace Deepfake.Infrastructure.Tests.Objects;

public sealed class FolderObjectStoreTests : ObjectStoreContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("objects-");

    public override Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_local_file_is_the_object_itself()
    {
        await PutAsync("t/an_1/media", "x");

        using (var first = await Store.MaterializeAsync("t/an_1/media", None))
        using (var second = await Store.MaterializeAsync("t/an_1/media", None))
            Assert.Equal(first.Path, second.Path);

        Assert.Equal("x", await ReadAsync("t/an_1/media"));
    }

    [Fact]
    public async Task A_start_clears_what_a_crash_left_and_keeps_the_objects()
    {
        await PutAsync("t/an_1/media", "x");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "incoming", "half"), "ha");

        var store = new FolderObjectStore(_folder.FullName);

        Assert.Empty(Directory.GetFiles(Path.Combine(_folder.FullName, "incoming")));
        Assert.True(await store.ExistsAsync("t/an_1/media", None));
    }

    [Fact]
    public async Task Deleting_removes_the_folders_that_became_empty()
    {
        await PutAsync("t/an_1/media", "x");
        await PutAsync("t/an_2/media", "x");

        await Store.DeletePrefixAsync("t/an_1/", None);

        Assert.Equal(["an_2"], Directory.GetDirectories(Path.Combine(_folder.FullName, "objects", "t")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Puts_and_deletions_of_one_folder_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++)
            {
                await PutAsync($"t/an_1/{worker}", "x");
                await Store.DeleteAsync($"t/an_1/{worker}", None);
            }
        })));

        Assert.Empty(await ListAsync(""));
    }

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(new FolderObjectStore(_folder.FullName));

    protected override Task<int> CountUnfinishedAsync() =>
        Task.FromResult(Directory.GetFiles(Path.Combine(_folder.FullName, "incoming")).Length + Directory.GetFiles(Path.Combine(_folder.FullName, "growing")).Length);
}
