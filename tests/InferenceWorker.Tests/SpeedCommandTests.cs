using Deepfake.InferenceWorker.Models;
using Deepfake.InferenceWorker.Speed;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

public sealed class SpeedCommandTests : IDisposable
{
    private readonly TestModels _models = new();

    [Fact]
    public void Each_model_has_a_row_and_all_of_them_one_more()
    {
        _models.Add("weighted_nchw");
        _models.Add("weighted_nhwc", m => m["input"]!["layout"] = "nhwc");
        var output = new StringWriter();
        Assert.Equal(0, SpeedCommand.Run([_models.Path, "0.001"], output));
        var rows = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..];
        Assert.Equal(3, rows.Length);
        Assert.StartsWith("| weighted-nchw ", rows[0], StringComparison.Ordinal);
        Assert.All(rows, row => Assert.All(row.Split('|')[2..4], cell => Assert.True(double.Parse(cell) > 0)));
        // Two models take longer than either.
        Assert.True(double.Parse(rows[2].Split('|')[2]) <= double.Parse(rows[0].Split('|')[2]));
    }

    [Fact]
    public void A_network_over_tracks_is_loaded_and_refused_where_it_does_not_fit()
    {
        _models.Add("sequence_places", SequenceSessionTests.Sequence(4));
        var output = new StringWriter();
        Assert.Equal(0, SpeedCommand.Run([_models.Path, "0.001"], output));
        Assert.StartsWith("| sequence-places ", output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);

        _models.Add("with_cam", SequenceSessionTests.Sequence(4));
        Assert.Throws<ModelRejectedException>(() => SpeedCommand.Run([_models.Path, "0.001"], new StringWriter()));
    }

    [Theory]
    [InlineData("models", "never")]
    [InlineData("models", "0")]
    [InlineData("models", "1", "more")]
    public void A_wrong_command_line_says_how_it_goes(params string[] arguments)
    {
        var output = new StringWriter();
        Assert.Equal(2, SpeedCommand.Run(arguments, output));
        Assert.StartsWith("Usage", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_models_is_no_success() => Assert.Equal(1, SpeedCommand.Run([_models.Path], new StringWriter()));

    public void Dispose() => _models.Dispose();
}
