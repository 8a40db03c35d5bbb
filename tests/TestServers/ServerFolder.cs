namespace Deepfake.TestServers;

/// <summary>A temporary folder of a server; gone with it.</summary>
internal sealed class ServerFolder : IDisposable
{
    private readonly DirectoryInfo _folder;

    public ServerFolder(string name) => _folder = Directory.CreateTempSubdirectory($"deepfake-{name}-");

    public string Path => _folder.FullName;

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A dying child may still write; the folder lies in the temporary one.
        }
    }
}
