using Deepfake.TestServers;

namespace Deepfake.Integration;

/// <summary>The description of the API in <c>docs/openapi.json</c>, which every host serves, is that of the code.</summary>
public sealed class ApiDocumentTests
{
    private static readonly string Committed = Path.Combine(Repository.Root, "docs", "openapi.json");

    [Fact]
    public async Task The_committed_document_is_what_the_services_describe()
    {
        using var folder = new TemporaryFolder();
        var fresh = Path.Combine(folder.Path, "openapi.json");
        await Host.RunAsync("Standalone", "openapi", fresh);

        var (before, now) = (await File.ReadAllLinesAsync(Committed), await File.ReadAllLinesAsync(fresh));
        var line = before.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.True(before.SequenceEqual(now), $"""
            The API is not what docs/openapi.json says, from line {line + 1}:
              committed: {before.ElementAtOrDefault(line)}
              now:       {now.ElementAtOrDefault(line)}
            If that is meant, write the document anew and commit it:  ./run openapi docs/openapi.json
            """);
    }

    [Fact]
    public async Task It_is_valid_OpenAPI_3_1_and_its_examples_fit_their_schemas()
    {
        var said = await ServerProcess.RunAsync(
            ["node", Path.Combine(Repository.Root, "tests", "Integration", "check-openapi.js"), Committed], Repository.Root, new Dictionary<string, string> { ["NODE_PATH"] = Path.Combine(Repository.Root, ".deps", "npm") });

        Assert.Matches(@"^\d{2,} operations, \d{2,} examples\s*$", said);
    }
}
