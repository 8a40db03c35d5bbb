namespace Deepfake.TestKit;

/// <summary>Where things lie in the source tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary><c>Debug</c> or <c>Release</c>, as the tests themselves were built.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Folder of the photographs with faces, from the pinned package that <c>eng/fetch-assets</c> brings.</summary>
    public static string Photos => Path.Combine(Root, ".deps", "npm", "@vladmandic", "face-api", "demo");

    /// <summary>A photograph with faces, 1 to 6.</summary>
    /// <exception cref="FileNotFoundException">It was not fetched.</exception>
    public static string Photo(int number) => Require(Path.Combine(Photos, $"sample{number}.jpg"), "run eng/fetch-assets test first");

    /// <summary>Folder in which a project of the product was built.</summary>
    public static string Output(string project) => Path.Combine(Root, project, "bin", Configuration, "net10.0");

    /// <summary>A file that has to be there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="advice">What brings it.</param>
    /// <exception cref="FileNotFoundException">It is not; the message holds the advice.</exception>
    public static string Require(string path, string advice) => File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing: {advice}.", path);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Deepfake.Aspire.sln"))) return folder.FullName;

        throw new DirectoryNotFoundException("The tests were not built inside the source tree.");
    }
}
