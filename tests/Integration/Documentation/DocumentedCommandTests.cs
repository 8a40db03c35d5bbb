namespace Deepfake.Integration.Documentation;

/// <summary>The commands of the documentation do what it says.</summary>
public sealed class DocumentedCommandTests(Reader reader) : IClassFixture<Reader>
{
    [Theory]
    [InlineData("docs/api.md", 12)]
    [InlineData("docs/identity.md", 1)]
    [InlineData("docs/webhooks.md", 1)]
    [InlineData("README.md", 8)]
    public async Task Every_curl_line_answers_as_it_is_documented(string document, int least)
    {
        var blocks = ShellSample.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Root, document)));
        Assert.True(blocks.Sum(block => block.Count) >= least, $"{document} has fewer commands than it had: are they still found?");

        var wrong = new List<string>();
        foreach (var block in blocks)
        {
            reader.Forget();
            foreach (var sample in block)
            {
                if (await reader.TryAsync(sample) is { } complaint) wrong.Add(complaint);
            }
        }

        Assert.True(wrong.Count == 0, $"{document}:\n{string.Join('\n', wrong)}");
    }
}
