namespace Deepfake.EndToEnd;

/// <summary>Where things lie in the source tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary><c>Debug</c> or <c>Release</c>, as the tests themselves were built.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static string Standalone =>
        Require(Path.Combine(Root, "Standalone", "bin", Configuration, "net10.0", "Deepfake.Standalone.dll"), $"build Standalone ({Configuration}) first");

    public static string Page => Path.GetDirectoryName(
        Require(Path.Combine(Root, "Gateway", "wwwroot", "index.html"), "build the page first: npm ci && npm run build in web/"))!;

    /// <summary>A photograph with faces, 1 to 6, from the pinned package that <c>eng/fetch-assets</c> brings.</summary>
    public static string Photo(int number) =>
        Require(Path.Combine(Root, ".deps", "npm", "@vladmandic", "face-api", "demo", $"sample{number}.jpg"), "run eng/fetch-assets first");

    private static string Require(string path, string advice) => File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: {advice}.", path);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Deepfake.Aspire.sln"))) return folder.FullName;

        throw new DirectoryNotFoundException("The tests were not built inside the source tree.");
    }
}
