using Deepfake.Infrastructure.Hosting;

namespace Deepfake.Infrastructure.Tests.Hosting;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PrivateFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("private-").FullName;

    [Fact]
    public void The_data_folder_is_for_its_owner_alone()
    {
        using var folder = new DataFolder(Path.Combine(_root, "data"));

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path));
    }

    [Fact]
    public void A_folder_that_others_prepared_is_not_used()
    {
        var trap = Path.Combine(_root, "trap");
        Directory.CreateDirectory(trap);
        File.SetUnixFileMode(trap, (UnixFileMode)0b111_111_111);

        Assert.Throws<IOException>(() => PrivateFolder.CreateShared(trap));
        PrivateFolder.CreateShared(Path.Combine(_root, "own"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
