namespace Deepfake.Standalone.Tests.Evaluate;

/// <summary>A folder with files, gone afterwards.</summary>
internal sealed class SetFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evaluate-tests-");

    public SetFolder(params string[] files)
    {
        foreach (var file in files) File.WriteAllText(Place(file), "not a picture");
    }

    public string Path => _folder.FullName;

    public string Place(string file)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
