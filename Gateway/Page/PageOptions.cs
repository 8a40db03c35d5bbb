namespace Deepfake.Gateway.Page;

/// <summary>Settings of the page, section <c>Page</c>.</summary>
public sealed class PageOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Page";

    /// <summary>Folder with the built page; null to look in the usual places.</summary>
    public string? Root { get; set; }
}
