using System.Reflection;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.IngestService.Tests;

public sealed class ErrorsDocumentTests
{
    [Fact]
    public void Every_code_of_the_contract_has_a_meaning() =>
        Assert.Equal(Codes().Order(), ProblemCatalogue.All.Select(kind => kind.Code).Order());

    [Fact]
    public void The_document_lists_every_code_with_its_status_and_title()
    {
        var documented = File.ReadLines(Document()).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split(" | "))
            .Select(row => (row[0].Trim('|', ' ', '`'), int.Parse(row[1]), row[2]));

        Assert.Equal(ProblemCatalogue.All.Select(kind => (kind.Code, kind.Status, kind.Title)), documented);
    }

    private static IEnumerable<string> Codes() =>
        typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!);

    private static string Document()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "docs", "errors.md"))) return Path.Combine(folder.FullName, "docs", "errors.md");
        throw new FileNotFoundException("docs/errors.md");
    }
}
