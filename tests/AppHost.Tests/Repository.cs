namespace Deepfake.AppHost.Tests;

/// <summary>Where things lie in the source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>The built AppHost, in the configuration of the tests.</summary>
    public static string AppHost => Path.Combine(Root, "AppHost", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Deepfake.AppHost.dll");

    /// <summary>A photograph with faces from the pinned package that <c>eng/fetch-assets test</c> brings.</summary>
    public static string Photo => Path.Combine(Root, ".deps", "npm", "@vladmandic", "face-api", "demo", "sample1.jpg");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Deepfake.Aspire.sln"))) return folder.FullName;

        throw new DirectoryNotFoundException("The tests were not built inside the source tree.");
    }
}
