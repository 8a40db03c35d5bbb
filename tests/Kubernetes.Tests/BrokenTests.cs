namespace Deepfake.Kubernetes.Tests;

/// <summary>The checks can fail: each folder of <c>broken</c> does one thing wrong, and its first line says what they answer.</summary>
public sealed class BrokenTests
{
    private const string Mark = "# rejected: ";

    private static readonly string Root = Path.Combine(Repository.Root, "tests", "Kubernetes.Tests", "broken");

    public static TheoryData<string> Folders => [.. Directory.EnumerateDirectories(Root).Select(Path.GetFileName).OfType<string>().Order()];

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task A_broken_manifest_is_rejected_for_its_own_reason(string folder)
    {
        var first = File.ReadLines(Path.Combine(Root, folder, "kustomization.yaml")).First();
        Assert.StartsWith(Mark, first, StringComparison.Ordinal);
        Assert.Equal([first[Mark.Length..]], await Rules.ComplaintsAsync(await Cluster.RenderAsync(Path.Combine(Root, folder))));
    }
}
