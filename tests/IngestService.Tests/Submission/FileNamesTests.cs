using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class FileNamesTests
{
    [Theory]
    [InlineData("clip.mp4", "clip.mp4")]
    [InlineData("Überraschung 映像.mov", "Überraschung 映像.mov")]
    [InlineData("/etc/passwd", "passwd")]
    [InlineData("..\\..\\boot.ini", "boot.ini")]
    [InlineData("a/b\\c.png", "c.png")]
    [InlineData("line\r\nbreak\0.gif", "linebreak.gif")]
    [InlineData("gpj\u202E.exe", "gpj.exe")]
    [InlineData("  spaced .jpg ", "spaced .jpg")]
    [InlineData("🙂.webp", "🙂.webp")]
    [InlineData("..", null)]
    [InlineData("folder/", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Only_the_readable_last_part_stays(string? name, string? clean) => Assert.Equal(clean, FileNames.Clean(name));

    [Fact]
    public void Half_a_character_is_replaced() => Assert.Equal("broken\uFFFD.webp", FileNames.Clean("broken\uD83D.webp"));

    [Fact]
    public void Long_names_are_cut_between_characters()
    {
        Assert.Equal(255, FileNames.Clean(new string('a', 300))!.Length);
        Assert.Equal(new string('a', 254), FileNames.Clean(new string('a', 254) + "🙂"));
    }
}
