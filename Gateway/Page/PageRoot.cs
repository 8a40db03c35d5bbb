using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Page;

/// <summary>The folder that <c>web/</c> was built into. It is found when the host starts, since the build of the page is a separate one.</summary>
internal sealed class PageRoot : IDisposable
{
    private readonly PhysicalFileProvider? _physical;

    public PageRoot(IHostEnvironment environment, IOptions<PageOptions> options)
    {
        IEnumerable<string> candidates = options.Value.Root is { Length: > 0 } root
            ? [root]
            : [Path.Combine(environment.ContentRootPath, "wwwroot"), .. Above(environment.ContentRootPath), Path.Combine(AppContext.BaseDirectory, "wwwroot")];
        if (candidates.FirstOrDefault(HasPage) is { } found) _physical = new PhysicalFileProvider(Path.GetFullPath(found));
        Files = _physical is null ? new NullFileProvider() : _physical;
    }

    /// <summary>The page's files; none where it was not built.</summary>
    public IFileProvider Files { get; }

    public void Dispose() => _physical?.Dispose();

    /// <summary>A host that runs from its build folder finds the page in the source tree around it.</summary>
    private static IEnumerable<string> Above(string folder)
    {
        for (var parent = new DirectoryInfo(folder); parent is not null; parent = parent.Parent) yield return Path.Combine(parent.FullName, "Gateway", "wwwroot");
    }

    private static bool HasPage(string folder) => File.Exists(Path.Combine(folder, "index.html"));
}
