namespace Deepfake.EndToEnd;

/// <summary>What is built before these tests run.</summary>
internal static class Built
{
    public static string Standalone =>
        Repository.Require(Path.Combine(Repository.Output("Standalone"), "Deepfake.Standalone.dll"), $"build Standalone ({Repository.Configuration}) first");

    public static string Page => Path.GetDirectoryName(
        Repository.Require(Path.Combine(Repository.Root, "Gateway", "wwwroot", "index.html"), "build the page first: npm ci && npm run build in web/"))!;
}
