using Deepfake.Contracts;
using Deepfake.Standalone.Analyze;
using Deepfake.Standalone.Embedded;
using Deepfake.Standalone.Tests.Evaluate;

namespace Deepfake.Standalone.Tests.Embedded;

public sealed class EmbeddedServiceTests
{
    [Fact]
    public async Task No_file_and_no_fault_on_the_way_is_thrown()
    {
        using var folder = new SetFolder("a \"quoted\"\n name.jpg");
        await using (var large = File.Create(folder.Place("large.mp4"))) large.SetLength(64 << 20);
        var service = await EmbeddedService.StartAsync(CancellationToken.None, "--Ingest:MaxBytes=1000000");
        try
        {
            // Much more than the buffers on the way hold: without the answer before the body, the connection would break.
            Assert.Equal(ErrorCodes.TooLarge, await CodeAsync("large.mp4"));
            Assert.Equal(ErrorCodes.UnsupportedMedia, await CodeAsync("a \"quoted\"\n name.jpg"));
            Assert.Equal("unreadable_file", await CodeAsync("absent.jpg"));
            Assert.Equal("unreadable_file", await CodeAsync("."));
        }
        finally
        {
            await service.DisposeAsync();
        }

        Assert.Equal("no_answer", await CodeAsync("large.mp4"));

        async Task<string?> CodeAsync(string file) => (await service.AnalyzeAsync(Path.Combine(folder.Path, file), CancellationToken.None)).Error?.Code;
    }

    [Fact]
    public async Task Analyze_gives_every_file_its_line_whatever_its_name()
    {
        using var folder = new SetFolder("x\u001b[2J \"y\".jpg");
        File.Copy(Repository.Photo(1), folder.Place("a \"quoted\"\n name.jpg"));
        Assert.Equal(1, await AnalyzeCommand.RunAsync([Path.Combine(folder.Path, "x\u001b[2J \"y\".jpg"), Path.Combine(folder.Path, "a \"quoted\"\n name.jpg")]));
        Assert.Equal(0, await AnalyzeCommand.RunAsync([Path.Combine(folder.Path, "a \"quoted\"\n name.jpg")]));
    }

    [Fact]
    public async Task The_fast_profile_answers_with_its_own_models_and_fit()
    {
        await using var service = await EmbeddedService.StartAsync(CancellationToken.None, "--Inference:Profile=fast");
        var (analysis, error) = await service.AnalyzeAsync(Repository.Photo(1), CancellationToken.None);

        Assert.Null(error);
        Assert.Equal(["swap-mobilenet", "texture"], analysis!.Models.Select(model => model.Name).Order());
        Assert.All(analysis.Models, model => Assert.True(model is { Error: null, Score: not null, Weight: > 0 } && model.Version.EndsWith("-fast", StringComparison.Ordinal), $"{model}"));
        Assert.DoesNotContain("default_thresholds", analysis.Warnings);
        Assert.NotNull(analysis.Thresholds);
    }

    [Fact]
    public async Task A_profile_that_the_models_folder_does_not_have_stops_the_host_at_its_start()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => EmbeddedService.StartAsync(CancellationToken.None, "--Inference:Profile=faster"));
        Assert.Contains("Inference:Profile", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_do_not_write_to_the_terminal()
    {
        var text = Outcome.Rejected("/tmp/x\u001b[2J\n\u202ey.jpg", new AnalysisError("code", "two\r\nlines")).Text;
        Assert.Equal("/tmp/x\\u{1B}[2J\\u{A}\\u{202E}y.jpg: error code: two\\u{D}\\u{A}lines", text);
    }
}
