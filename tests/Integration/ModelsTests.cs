using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Deepfake.Contracts;

namespace Deepfake.Integration;

/// <summary>What an operator decides about models holds in every service.</summary>
public sealed class ModelsTests
{
    [Fact]
    public async Task An_operators_word_on_a_model_reaches_workers_verdicts_and_reuse()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(6));
        using var media = new TestMedia();
        var photo = await media.PhotoAsync("face.jpg");
        await using var system = await WholeSystem.StartAsync();
        using var client = new ApiClient(system.Gateway.Address, system.Key);
        using var http = new HttpClient { BaseAddress = system.Gateway.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", system.Key);
        try
        {
            var first = await AnalyzeAsync();
            Assert.Superset(new HashSet<string> { "swap-mobilenet", "context" }, first.Models.Select(model => model.Name).ToHashSet());
            Assert.Equal(HttpStatusCode.OK, await ReuseAsync());

            await ChangeAsync("context", new { enabled = false });
            Assert.Equal(HttpStatusCode.Accepted, await ReuseAsync());
            var second = await AnalyzeUntilAsync(analysis => analysis.Models.Count == first.Models.Count - 1);
            Assert.DoesNotContain(ReasonCodes.ModelsMissing, second.Reasons);

            // Dropped into the folder, a model observes; given a weight, it counts.
            Drop(system.Models, "swap-mobilenet", "own-model");
            var third = await AnalyzeUntilAsync(analysis => analysis.Models.Any(model => model.Name == "own-model"));
            Assert.Contains("model_not_in_fusion", third.Warnings);
            Assert.Equal((0, second.Probability), (third.Models.Single(model => model.Name == "own-model").Weight, third.Probability));
            await ChangeAsync("own-model", new { weight = 1.5 });
            var fourth = await AnalyzeUntilAsync(analysis => analysis.Warnings.Contains("model_beside_fusion"));
            Assert.Equal(1.5, fourth.Models.Single(model => model.Name == "own-model").Weight);
            Assert.NotEqual(third.Probability, fourth.Probability);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail(system.Output);
        }

        async Task<Analysis> AnalyzeAsync() => await client.WaitAsync(await client.SubmitAsync(photo, patience.Token), analysis => analysis.CompletedAt is not null, patience.Token);

        // Two workers follow the folder at their own pace; whatever they said meanwhile, no result may miss a model.
        async Task<Analysis> AnalyzeUntilAsync(Func<Analysis, bool> condition)
        {
            while (true)
            {
                var analysis = await AnalyzeAsync();
                Assert.DoesNotContain(ReasonCodes.ModelsMissing, analysis.Reasons);
                if (condition(analysis)) return analysis;
            }
        }

        async Task ChangeAsync(string name, object change)
        {
            using var response = await http.PatchAsJsonAsync(new Uri($"/v1/models/{name}", UriKind.Relative), change, patience.Token);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(patience.Token));
        }

        async Task<HttpStatusCode> ReuseAsync()
        {
            using var content = new ByteArrayContent(await File.ReadAllBytesAsync(photo, patience.Token));
            using var response = await http.PostAsync(new Uri("/v1/analyses?reuse=true", UriKind.Relative), content, patience.Token);
            return response.StatusCode;
        }
    }

    private static void Drop(string models, string from, string name)
    {
        var source = Path.Combine(models, from);
        var manifest = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "model.json")))!;
        manifest["name"] = name;
        var folder = Directory.CreateDirectory(Path.Combine(models, name)).FullName;
        var network = manifest["file"]?.GetValue<string>() ?? "model.onnx";
        File.Copy(Path.Combine(source, network), Path.Combine(folder, network));
        File.WriteAllText(Path.Combine(folder, "model.json"), manifest.ToJsonString());
    }
}
