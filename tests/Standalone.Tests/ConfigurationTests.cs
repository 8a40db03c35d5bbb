using System.Reflection;

namespace Deepfake.Standalone.Tests;

public sealed class ConfigurationTests
{
    [Fact]
    public void Every_setting_is_listed_in_the_documentation()
    {
        var documented = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var settings = Directory.GetFiles(AppContext.BaseDirectory, "Deepfake.*.dll")
            .Where(path => !path.EndsWith(".Tests.dll", StringComparison.Ordinal))
            .SelectMany(path => Assembly.LoadFrom(path).GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
            .Select(type => (Type: type, Section: type.GetField("Section")?.GetRawConstantValue() as string))
            .Where(options => options.Section is not null)
            .SelectMany(options => options.Type.GetProperties().Where(property => property.CanWrite).Select(property => $"{options.Section}:{property.Name}"))
            .ToList();

        Assert.True(settings.Count > 80, $"Only {settings.Count} settings were found.");
        Assert.DoesNotContain(settings, setting => !documented.Contains(setting, StringComparison.Ordinal));
    }
}
