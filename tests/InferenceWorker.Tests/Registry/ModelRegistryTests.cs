using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.InferenceWorker.Registry;
using Deepfake.Infrastructure.Packs;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Deepfake.InferenceWorker.Tests.Registry;

public sealed class ModelRegistryTests : IAsyncLifetime
{
    private static readonly FacePack Pack = TestCrops.Pack(TestCrops.Pattern(0), TestCrops.Pattern(1));

    private readonly TestModels _models = new();
    private readonly LoggerFactory _loggers = new();
    private ScoringEngine _engine = null!;
    private ModelRegistry _registry = null!;
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _hub = null!;

    private static GuardedHandler Guard => new(Options.Create(new OutboundOptions { AllowedNetworks = "127.0.0.0/8" }));

    public async Task InitializeAsync()
    {
        _models.Add("weighted_nchw");
        var options = Options.Create(new ModelOptions { Path = _models.Path, WatchSeconds = 1 });
        _engine = new ScoringEngine(Options.Create(new InferenceOptions { Threads = 2 }), options, new RunWatch(TimeProvider.System), _loggers.CreateLogger<ScoringEngine>());
        await _engine.StartAsync(CancellationToken.None);
        _registry = new ModelRegistry(_engine, new NetworkDownload(Guard));
        await _registry.ListAsync(CancellationToken.None);

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _hub = builder.Build();
        _hub.MapGet("/{name}.onnx", (string name) => Results.File(TestModels.Network(name), "application/octet-stream"));
        _hub.MapGet("/moved/{name}.onnx", (string name) => Results.Redirect($"/{name}.onnx"));
        _hub.MapGet("/round", () => Results.Redirect("/round"));
        _hub.MapGet("/inside", () => Results.Redirect("https://10.0.0.1/model.onnx"));
        _hub.MapGet("/hangs", async (HttpContext context, CancellationToken gone) =>
        {
            await context.Response.Body.WriteAsync(new byte[1000], gone);
            await context.Response.Body.FlushAsync(gone);
            _reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, gone);
        });
        await _hub.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _engine.StopAsync(CancellationToken.None);
        _engine.Dispose();
        _registry.Dispose();
        _loggers.Dispose();
        await _hub.DisposeAsync();
        _models.Dispose();
    }

    [Fact]
    public async Task A_model_from_an_address_scores_without_a_restart()
    {
        var added = await _registry.AddAsync(Addition("two_classes", "moved/two_classes.onnx"), CancellationToken.None);
        Assert.Equal(("two-classes", true, "cpu", null), (added.Name, added.Loaded, added.Provider, added.Error));
        Assert.Equal(["two-classes", "weighted-nchw"], await Scoring());
        Assert.Equal(["two-classes", "weighted-nchw"], (await _registry.ListAsync(CancellationToken.None)).Models.Select(model => model.Name));
    }

    [Theory]
    [InlineData("two_classes.onnx", "another SHA-256", true)]
    [InlineData("probability.onnx", "another SHA-256", false)]
    [InlineData("nothing.onnx.html", "the address answered 404", false)]
    [InlineData("round", "redirects more than", false)]
    [InlineData("inside", "the address is not public", false)]
    public async Task A_file_that_is_not_the_promised_one_is_refused(string path, string reason, bool wrongHash)
    {
        var addition = Addition("two_classes", path);
        if (wrongHash) addition = addition with { Sha256 = new string('0', 64) };
        var error = await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.AddAsync(addition, CancellationToken.None));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Equal(["weighted-nchw"], await Scoring());
        Assert.Single(Directory.GetDirectories(_models.Path)); // nothing half-made is left
    }

    [Fact]
    public async Task A_network_that_does_not_fit_its_manifest_is_refused()
    {
        var addition = Addition("two_classes", "two_classes.onnx", manifest => manifest["input"]!["size"] = 32);
        var error = await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.AddAsync(addition, CancellationToken.None));
        Assert.Contains("not float32 [N,3,32,32]", error.Message, StringComparison.Ordinal);
        Assert.Equal(["weighted-nchw"], await Scoring());
    }

    [Fact]
    public async Task A_name_is_taken_once()
    {
        var addition = Addition("two_classes", "two_classes.onnx", manifest => manifest["name"] = "weighted-nchw");
        Assert.Contains("already", (await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.AddAsync(addition, CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_is_added_with_its_manifest_and_network_alone()
    {
        using var elsewhere = new TestModels();
        elsewhere.Add("probability", manifest => manifest["output"]!["kind"] = "probability");
        var folder = Path.Combine(elsewhere.Path, "probability");
        await File.WriteAllTextAsync(Path.Combine(folder, "secrets.txt"), "stay");
        // Another form of the network comes along: a setting may ask for it one day.
        File.Copy(Path.Combine(folder, "model.onnx"), Path.Combine(folder, "model.int8.onnx"));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, ModelFolder.ManifestName)))!;
        manifest["variants"] = new JsonArray(new JsonObject { ["precision"] = "int8", ["file"] = "model.int8.onnx", ["sha256"] = manifest["sha256"]!.GetValue<string>() });
        await File.WriteAllTextAsync(Path.Combine(folder, ModelFolder.ManifestName), manifest.ToJsonString());
        await _registry.AddFolderAsync(folder, CancellationToken.None);
        Assert.True(File.Exists(Path.Combine(_models.Path, "probability", "model.int8.onnx")));
        Assert.Equal(["probability", "weighted-nchw"], await Scoring());
        Assert.False(File.Exists(Path.Combine(_models.Path, "probability", "secrets.txt")));
    }

    [Fact]
    public async Task Disabled_models_are_silent_and_weights_reach_the_scores()
    {
        await _registry.AddAsync(Addition("two_classes", "two_classes.onnx"), CancellationToken.None);
        var changed = await _registry.ChangeAsync("two-classes", new ModelSettings(null, 2.5), CancellationToken.None);
        Assert.Equal((true, 2.5), (changed.Loaded, changed.Weight));
        var scores = (await _engine.ScoreAsync(Pack, Lane.Batch, null, CancellationToken.None)).Models.Single(model => model.Name == "two-classes");
        Assert.Equal((2.5, 2.5, 2.5), (scores.Weight, scores.WeightFactor, scores.GivenWeight));

        changed = await _registry.ChangeAsync("two-classes", new ModelSettings(false, null), CancellationToken.None);
        Assert.Equal((false, false, 2.5, null), (changed.Enabled, changed.Loaded, changed.Weight, changed.Error));
        Assert.Equal(["weighted-nchw"], await Scoring());
        Assert.True((await _registry.ChangeAsync("two-classes", new ModelSettings(true, null), CancellationToken.None)).Loaded);
        await Assert.ThrowsAsync<UnknownModelException>(() => _registry.ChangeAsync("nobody", new ModelSettings(true, null), CancellationToken.None));
        await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.ChangeAsync("two-classes", new ModelSettings(null, -1), CancellationToken.None));
    }

    [Fact]
    public async Task A_weight_comes_with_the_addition_and_the_list_says_what_the_fit_knows()
    {
        Assert.Null(Assert.Single((await _registry.ListAsync(CancellationToken.None)).Models).InFusion);
        await WriteAsync("fusion.json", "{\"models\": {\"weighted-nchw\": 1.0}}");

        await _registry.AddAsync(Addition("two_classes", "two_classes.onnx") with { Weight = 0.5 }, CancellationToken.None);

        Assert.Equal(
            [("two-classes", false, 0.5), ("weighted-nchw", true, null)],
            (await _registry.ListAsync(CancellationToken.None)).Models.Select(model => (model.Name, model.InFusion!.Value, model.GivenWeight)));
        var scores = (await _engine.ScoreAsync(Pack, Lane.Batch, null, CancellationToken.None)).Models;
        Assert.Equal([("two-classes", 0.5), ("weighted-nchw", null)], scores.Select(model => (model.Name, model.GivenWeight)).Order());
        await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.AddAsync(Addition("probability", "probability.onnx") with { Weight = -1 }, CancellationToken.None));
    }

    [Fact]
    public async Task A_removed_model_is_gone_and_nobody_misses_it_unless_it_is_the_last()
    {
        await WriteAsync("fusion.json", "{\"models\": {\"weighted-nchw\": 1.0}}");
        await Assert.ThrowsAsync<LastModelException>(() => _registry.RemoveAsync("weighted-nchw", CancellationToken.None));
        await Assert.ThrowsAsync<UnknownModelException>(() => _registry.RemoveAsync("two-classes", CancellationToken.None));
        await _registry.AddAsync(Addition("two_classes", "two_classes.onnx") with { Weight = 2 }, CancellationToken.None);

        await _registry.RemoveAsync("weighted-nchw", CancellationToken.None);

        Assert.Equal(["two-classes"], await Scoring());
        Assert.Equal("two-classes", Path.GetFileName(Assert.Single(Directory.GetDirectories(_models.Path))));
        Assert.Equal(["weighted-nchw"], ModelsFolder.Disabled(_models.Path));

        var back = await _registry.AddAsync(Addition("weighted_nchw", "weighted_nchw.onnx"), CancellationToken.None);
        await _registry.RemoveAsync("two-classes", CancellationToken.None);
        Assert.True(back.Loaded);
        Assert.Equal(["weighted-nchw"], await Scoring());
        Assert.Empty(RegistryFile.Read(_models.Path));
    }

    [Theory]
    [InlineData(".x")]
    [InlineData("..")]
    [InlineData("_x")]
    [InlineData("registry.json")]
    [InlineData("registry.json.new")]
    [InlineData("fusion.json")]
    [InlineData("a\n")]
    public async Task A_name_that_would_take_the_folder_apart_is_refused(string name)
    {
        var addition = Addition("two_classes", "two_classes.onnx", manifest => manifest["name"] = name);
        Assert.Contains("name must", (await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.AddAsync(addition, CancellationToken.None))).Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(_models.Path));
    }

    [Fact]
    public async Task Two_folders_of_one_name_block_no_change()
    {
        _models.Add("weighted_nchw", manifest => manifest["name"] = "weighted-nchw", "weighted_nchw.bak");
        await _registry.AddAsync(Addition("two_classes", "two_classes.onnx"), CancellationToken.None);

        Assert.False((await _registry.ChangeAsync("two-classes", new ModelSettings(false, null), CancellationToken.None)).Loaded);
        Assert.True((await _registry.ChangeAsync("weighted-nchw", new ModelSettings(null, 2), CancellationToken.None)).Loaded);
        var both = (await _registry.ListAsync(CancellationToken.None)).Models.Where(model => model.Name == "weighted-nchw").ToList();
        Assert.Equal([(true, null), (false, "another model has the same name")], both.Select(model => (model.Loaded, model.Error)));
        await _registry.ChangeAsync("two-classes", new ModelSettings(true, null), CancellationToken.None);
        await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.RemoveAsync("weighted-nchw", CancellationToken.None));
        Assert.False((await _registry.ChangeAsync("weighted-nchw", new ModelSettings(false, null), CancellationToken.None)).Enabled);
        Assert.Equal(["two-classes"], await Scoring());
    }

    [Fact]
    public async Task A_reload_that_would_lose_a_model_under_another_folders_name_is_refused()
    {
        await WriteAsync("weighted_nchw/model.json", "{");
        await Assert.ThrowsAsync<ModelRejectedException>(() => _engine.ReloadAsync(CancellationToken.None));
        Assert.Equal(["weighted-nchw"], await Scoring());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"weighted-nchw\": {\"enabled\": false, \"weight\": 5000}}")]
    public async Task A_registry_that_is_none_is_told_in_the_list_and_not_overwritten(string registry)
    {
        await WriteAsync(RegistryFile.Name, registry);

        var list = await _registry.ListAsync(CancellationToken.None);

        Assert.StartsWith("registry.json", list.Error, StringComparison.Ordinal);
        Assert.True(Assert.Single(list.Models).Loaded);
        await Assert.ThrowsAsync<ModelRejectedException>(() => _registry.ChangeAsync("weighted-nchw", new ModelSettings(true, null), CancellationToken.None));
        Assert.Equal(registry, await File.ReadAllTextAsync(Path.Combine(_models.Path, RegistryFile.Name)));
    }

    [Fact]
    public async Task A_download_without_an_end_holds_nobody_and_has_a_limit()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var leave = new CancellationTokenSource();
        var adding = _registry.AddAsync(Addition("two_classes", "hangs"), leave.Token);
        await _reached.Task.WaitAsync(patience.Token);
        Assert.Equal(3, (await _registry.ChangeAsync("weighted-nchw", new ModelSettings(null, 3), patience.Token)).Weight);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => adding);

        using var impatient = new ModelRegistry(_engine, new NetworkDownload(Guard) { Limit = TimeSpan.FromMilliseconds(200) });
        var refused = await Assert.ThrowsAsync<ModelRejectedException>(() => impatient.AddAsync(Addition("two_classes", "hangs"), patience.Token));
        Assert.Contains("takes longer", refused.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetDirectories(_models.Path));
    }

    [Fact]
    public async Task A_reload_that_would_lose_a_model_is_refused_and_the_ensemble_goes_on()
    {
        await File.WriteAllTextAsync(Path.Combine(_models.Path, "weighted_nchw", "model.onnx"), "no network");
        Assert.Contains("weighted-nchw", (await Assert.ThrowsAsync<ModelRejectedException>(() => _engine.ReloadAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
        Assert.Equal(["weighted-nchw"], await Scoring());
    }

    [Fact]
    public async Task Packs_are_scored_by_one_whole_ensemble_while_it_is_replaced_again_and_again()
    {
        await _registry.AddAsync(Addition("two_classes", "two_classes.onnx"), CancellationToken.None);
        using var stop = new CancellationTokenSource();
        var scoring = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var scored = 0;
            while (!stop.IsCancellationRequested)
            {
                using var announcement = _engine.Announce();
                var models = (await _engine.ScoreAsync(Pack, Lane.Batch, announcement, CancellationToken.None)).Models;
                Assert.All(models, model => Assert.Equal((2, null), (model.Scores.Count, model.Error)));
                scored++;
            }

            return scored;
        })).ToList();
        for (var i = 0; i < 6; i++) await _registry.ChangeAsync("two-classes", new ModelSettings(i % 2 == 1, null), CancellationToken.None);
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(scoring), scored => Assert.True(scored > 0));
    }

    [Fact]
    public async Task What_another_hand_puts_into_the_folder_is_followed()
    {
        using var watch = new ModelWatch(_engine, Options.Create(new ModelOptions { Path = _models.Path, WatchSeconds = 1 }), TimeProvider.System, _loggers.CreateLogger<ModelWatch>());
        await watch.StartAsync(CancellationToken.None);
        _models.Add("two_classes", manifest => manifest["output"]!["kind"] = "two_class_logits");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await Scoring()).Length < 2) await Task.Delay(50, patience.Token);
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_copy_that_brings_the_manifest_first_is_judged_again_when_the_network_is_there()
    {
        using var watch = new ModelWatch(_engine, Options.Create(new ModelOptions { Path = _models.Path, WatchSeconds = 1 }), TimeProvider.System, _loggers.CreateLogger<ModelWatch>());
        await watch.StartAsync(CancellationToken.None);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var before = _engine.Stamp;
        _models.Add("two_classes", manifest => manifest["output"]!["kind"] = "two_class_logits");
        var network = Path.Combine(_models.Path, "two_classes", "model.onnx");
        await File.WriteAllBytesAsync(network, (await File.ReadAllBytesAsync(network))[..^9]);
        while (_engine.Stamp == before || _engine.Stamp != RegistryFile.Stamp(_models.Path)) await Task.Delay(50, patience.Token);

        File.Copy(TestModels.Network("two_classes"), network, overwrite: true);

        while ((await Scoring()).Length < 2) await Task.Delay(50, patience.Token);
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_registry_that_cannot_be_opened_ends_nothing()
    {
        using var watch = new ModelWatch(_engine, Options.Create(new ModelOptions { Path = _models.Path, WatchSeconds = 1 }), TimeProvider.System, _loggers.CreateLogger<ModelWatch>());
        await watch.StartAsync(CancellationToken.None);
        await using var held = new FileStream(Path.Combine(_models.Path, RegistryFile.Name), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Assert.Throws<ModelRejectedException>(() => RegistryFile.Read(_models.Path));
        _models.Add("two_classes", manifest => manifest["output"]!["kind"] = "two_class_logits");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await Scoring()).Length < 2) await Task.Delay(50, patience.Token);
        Assert.False(watch.ExecuteTask!.IsCompleted);
        await watch.StopAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("some/models", null, "CURRENT/some/models")]
    [InlineData("", null, "PROGRAM/models")]
    [InlineData(null, "", "PROGRAM/models")]
    [InlineData(null, "other", "PROGRAM/other")]
    [InlineData("mine", "other", "CURRENT/mine")]
    [InlineData("/srv/models", null, "/srv/models")]
    public void The_folder_is_the_same_for_every_service(string? environment, string? setting, string expected)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["MODEL_PATH"] = environment, ["Models:Path"] = setting }).Build();
        var path = expected.Replace("CURRENT", Directory.GetCurrentDirectory(), StringComparison.Ordinal).Replace("PROGRAM", AppContext.BaseDirectory.TrimEnd('/'), StringComparison.Ordinal);

        Assert.Equal(path, ModelsFolder.Of(configuration));
        configuration[ModelsFolder.ProfileSetting] = "fast";
        Assert.Equal((path + "/fast", path), (ModelsFolder.Of(configuration), ModelsFolder.Root(configuration)));
    }

    [Theory]
    [InlineData("../elsewhere")]
    [InlineData("a/b")]
    [InlineData("Fast")]
    [InlineData(".")]
    public void A_profile_is_a_plain_name(string profile)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { [ModelsFolder.ProfileSetting] = profile }).Build();
        Assert.Contains(profile, Assert.Throws<InvalidOperationException>(() => ModelsFolder.Of(configuration)).Message, StringComparison.Ordinal);
    }

    private Task WriteAsync(string file, string text) => File.WriteAllTextAsync(Path.Combine(_models.Path, file), text);

    private async Task<string[]> Scoring() =>
        [.. (await _engine.ScoreAsync(Pack, Lane.Interactive, null, CancellationToken.None)).Models.Where(model => model.Error is null).Select(model => model.Name).Order(StringComparer.Ordinal)];

    private ModelAddition Addition(string network, string path, Action<JsonObject>? change = null)
    {
        var manifest = TestModels.Manifest(network);
        if (network == "two_classes") manifest["output"]!["kind"] = "two_class_logits";
        change?.Invoke(manifest);
        manifest.Remove("sha256");
        return new ModelAddition
        {
            Manifest = JsonSerializer.SerializeToElement(manifest),
            Url = new Uri(new Uri(_hub.Urls.First()), path),
            Sha256 = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(TestModels.Network(network)))),
        };
    }
}
