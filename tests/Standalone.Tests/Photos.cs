namespace Deepfake.Standalone.Tests;

/// <summary>Photos with faces for tests.</summary>
internal static class Photos
{
    public static string Sample(int number)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var photo = Path.Combine(folder.FullName, ".deps", "npm", "@vladmandic", "face-api", "demo", $"sample{number}.jpg");
            if (File.Exists(photo)) return photo;
        }

        throw new InvalidOperationException("The test photos are missing: run eng/fetch-assets test.");
    }
}
