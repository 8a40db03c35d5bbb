namespace Deepfake.FrameService.Tests.Media;

/// <summary>The pinned test photos and where their faces are, read off by eye to about ten pixels.</summary>
internal static class Photos
{
    /// <summary>Three women, 1920 × 1280.</summary>
    public static string Three => Repository.Photo(1);

    /// <summary>Four women, 1920 × 1537.</summary>
    public static string Four => Repository.Photo(6);

    /// <summary>Right eye, left eye, mouth (x, y each) of the faces in <see cref="Three"/>.</summary>
    public static float[][] ThreeFaces { get; } = [[437, 455, 518, 455, 483, 552], [865, 555, 948, 520, 950, 607], [1555, 277, 1618, 338, 1520, 377]];

    /// <summary>The same for <see cref="Four"/>.</summary>
    public static float[][] FourFaces { get; } =
        [[320, 608, 427, 593, 387, 713], [697, 452, 803, 445, 770, 567], [1225, 427, 1332, 428, 1270, 542], [1530, 373, 1627, 395, 1553, 492]];
}
