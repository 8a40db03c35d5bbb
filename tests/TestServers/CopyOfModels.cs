namespace Deepfake.TestServers;

/// <summary>The shipped models in a folder of their own: whoever switches, adds or removes models does it there.</summary>
public static class CopyOfModels
{
    /// <summary>Copies manifests, networks and fits.</summary>
    /// <param name="root">Of the repository.</param>
    /// <param name="folder">Where to.</param>
    /// <returns>The folder.</returns>
    public static string Make(string root, string folder)
    {
        var models = Path.Combine(root, "models");
        foreach (var file in Directory.EnumerateFiles(models, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".json" or ".onnx" && Path.GetFileName(file) != "registry.json"))
        {
            var target = Path.Combine(folder, Path.GetRelativePath(models, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return folder;
    }
}
