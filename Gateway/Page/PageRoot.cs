using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Page;

/// <summary>The folder that <c>web/</c> was built into. It is found when the host starts, since the build of the page is a separate one.</summary>
internal sealed class PageRoot : IDisposable
{
    private readonly PhysicalFileProvider? _physical;

    public PageRoot(IHostEnvironment environment, IOptions<PageOptions> options)
    {
        string[] candidates = options.Value.Root is { Length: > 0 } root
            ? [Path.GetFullPath(root)]
            :
            [
                Path.Combine(environment.ContentRootPath, "wwwroot"),
                Path.Combine(environment.ContentRootPath, "Gateway", "wwwroot"),
                Path.Combine(environment.ContentRootPath, "..", "Gateway", "wwwroot"),
                Path.Combine(AppContext.BaseDirectory, "wwwroot"),
            ];
        if (candidates.FirstOrDefault(HasPage) is { } found) _physical = new PhysicalFileProvider(Path.GetFullPath(found));
        Files = _physical is null ? new NullFileProvider() : _physical;
    }

    /// <summary>The page's files; none where it was not built.</summary>
    public IFileProvider Files { get; }

    public void Dispose() => _physical?.Dispose();

    private static bool HasPage(string folder) => File.Exists(Path.Combine(folder, "index.html"));
}
