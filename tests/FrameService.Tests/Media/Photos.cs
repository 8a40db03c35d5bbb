namespace Deepfake.FrameService.Tests.Media;

/// <summary>The pinned test photos and where their faces are, read off by eye to about ten pixels.</summary>
internal static class Photos
{
    public static string Folder { get; } = Find();

    /// <summary>Three women, 1920 × 1280.</summary>
    public static string Three => Path.Combine(Folder, "sample1.jpg");

    /// <summary>Four women, 1920 × 1537.</summary>
    public static string Four => Path.Combine(Folder, "sample6.jpg");

    /// <summary>Right eye, left eye, mouth (x, y each) of the faces in <see cref="Three"/>.</summary>
    public static float[][] ThreeFaces { get; } = [[437, 455, 518, 455, 483, 552], [865, 555, 948, 520, 950, 607], [1555, 277, 1618, 338, 1520, 377]];

    /// <summary>The same for <see cref="Four"/>.</summary>
    public static float[][] FourFaces { get; } =
        [[320, 608, 427, 593, 387, 713], [697, 452, 803, 445, 770, 567], [1225, 427, 1332, 428, 1270, 542], [1530, 373, 1627, 395, 1553, 492]];

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var photos = Path.Combine(folder.FullName, ".deps", "npm", "@vladmandic", "face-api", "demo");
            if (Directory.Exists(photos)) return photos;
        }

        throw new InvalidOperationException("The test photos are missing: run eng/fetch-assets test.");
    }
}
