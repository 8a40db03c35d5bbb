using Deepfake.ResultService.Merging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Tests.Merging;

public sealed class FusionSourceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fusion-");

    private string File => Path.Combine(_folder.FullName, "fusion.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_changed_file_is_taken_up_and_a_broken_one_leaves_the_last_good_one()
    {
        var source = new FusionSource(Options.Create(new ResultOptions { FusionFile = File }), new ConfigurationBuilder().Build(), NullLogger<FusionSource>.Instance);
        Assert.Null(source.Current);

        Write("1");
        Assert.Equal("1", source.Current!.Version);
        Write("22");
        Assert.Equal("22", source.Current!.Version);
        System.IO.File.WriteAllText(File, "{ broken");
        Assert.Equal("22", source.Current!.Version);
        Write("333");
        Assert.Equal("333", source.Current!.Version);
        System.IO.File.Delete(File);
        Assert.Null(source.Current);
    }

    [Fact]
    public void The_models_folder_is_where_it_is_looked_for()
    {
        Write("1");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Models:Path", _folder.FullName)]).Build();

        Assert.Equal("1", new FusionSource(Options.Create(new ResultOptions()), configuration, NullLogger<FusionSource>.Instance).Current!.Version);
    }

    [Fact]
    public void Models_that_are_switched_off_are_known_at_once()
    {
        Write("1");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Models:Path", _folder.FullName)]).Build();
        var source = new FusionSource(Options.Create(new ResultOptions()), configuration, NullLogger<FusionSource>.Instance);
        Assert.Empty(source.Current!.Disabled);

        var registry = Path.Combine(_folder.FullName, "registry.json");
        System.IO.File.WriteAllText(registry, """{ "a": { "enabled": true }, "b": { "enabled": false, "weight": 2 }, "c": { "weight": 0 } }""");
        Assert.Equal(["b"], source.Current!.Disabled);
        System.IO.File.WriteAllText(registry, "[ broken");
        Assert.Empty(source.Current!.Disabled);
    }

    private void Write(string version) => System.IO.File.WriteAllText(
        File, $$"""{ "version": "{{version}}", "models": { "a": 1 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""");
}
