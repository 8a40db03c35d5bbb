using Deepfake.Infrastructure.Hosting;

namespace Deepfake.Infrastructure.Tests.Hosting;

public sealed class DataFolderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("data-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void One_process_at_a_time_uses_a_folder()
    {
        using (new DataFolder(_folder.FullName))
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => new DataFolder(_folder.FullName));
            Assert.Contains("another process", refusal.Message, StringComparison.Ordinal);
        }

        using var next = new DataFolder(_folder.FullName);
    }

    [Theory]
    [InlineData("analyses.journal")]
    [InlineData("history.journal")]
    [InlineData("documents.journal")]
    public void A_folder_of_an_earlier_build_is_refused_and_left_as_it_is(string name)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, name), "x");

        var refusal = Assert.Throws<InvalidOperationException>(() => new DataFolder(_folder.FullName));

        Assert.Contains(_folder.FullName, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("DATA_PATH", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(name, Assert.Single(_folder.GetFiles()).Name);
    }
}
