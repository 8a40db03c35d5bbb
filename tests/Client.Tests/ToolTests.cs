using System.Text.Json;

namespace Deepfake.Client.Tests;

[Collection(StandaloneTests.Name)]
public sealed class ToolTests(StandaloneFixture standalone)
{
    [Fact]
    public async Task Files_are_analysed_in_their_order_one_record_a_line()
    {
        var (code, output, errors) = await standalone.RunAsync("analyze", standalone.Picture, standalone.Broken, "missing.jpg", "--wait", "--json");
        Assert.Equal(1, code);
        Assert.Empty(errors);
        var records = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.Equal(["completed", "failed", "failed"], records.Select(record => record.GetProperty("status").GetString()));
        Assert.Equal(["face.jpg", "broken.jpg", "missing.jpg"], records.Select(record => record.GetProperty("file_name").GetString()));
        Assert.Equal(["media_truncated", "unreadable_file"], records[1..].Select(record => record.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Without_waiting_it_prints_ids_that_can_be_watched_listed_and_reported()
    {
        var (code, output, _) = await standalone.RunAsync("analyze", standalone.Picture, "--reference", "tool");
        Assert.Equal(0, code);
        var id = output.Trim();
        var watched = await standalone.RunAsync("watch", id);
        Assert.Equal(0, watched.Code);
        Assert.EndsWith(id, watched.Output.Trim(), StringComparison.Ordinal);

        var listed = await standalone.RunAsync("list", "--reference", "tool");
        Assert.StartsWith(id + "  ", listed.Output, StringComparison.Ordinal);
        var report = await standalone.RunAsync("report", id, "-o", "-");
        Assert.Equal(0, report.Code);
        Assert.StartsWith("<!doctype html>", report.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Exit_codes_tell_scripts_what_happened()
    {
        Assert.Equal(2, (await standalone.RunAsync("analyze")).Code);
        Assert.Equal(2, (await standalone.RunAsync("analyze", standalone.Picture, "--fail-on", "authentic")).Code);
        Assert.Equal(2, (await standalone.RunAsync("list", "--server", "localhost")).Code);
        Assert.Equal(3, (await standalone.RunAsync("list", "--server", "http://127.0.0.1:1")).Code);
        Assert.Equal(4, (await standalone.RunAsync("list", "--key", "dfk_000000000000_00000000000000000000000000000000000000")).Code);
        var (code, output, errors) = await standalone.RunAsync("watch", "an_00000000000000000000000000");
        Assert.Equal((1, "", "deepfake: There is no such analysis.\n"), (code, output, errors));
    }

    [Fact]
    public async Task Evaluating_is_handed_over_to_the_embedded_host()
    {
        var (code, _, errors) = await standalone.RunAsync("evaluate");
        Assert.Equal(2, code);
        Assert.Contains("evaluate", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("deepfake:", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_made_listed_rotated_and_revoked()
    {
        var made = await standalone.RunAsync("keys", "create", "for the test", "--scope", "analyses:read", "--scope", "analyses:write");
        Assert.Equal((0, ""), (made.Code, made.Errors));
        var key = made.Output.Trim();
        var id = key.Split('_')[1];
        Assert.Equal(0, (await standalone.RunAsync("list", "--key", key)).Code);
        Assert.Contains(id, (await standalone.RunAsync("keys", "list")).Output, StringComparison.Ordinal);

        var rotated = (await standalone.RunAsync("keys", "rotate", id, "--now")).Output.Trim();
        Assert.Equal(4, (await standalone.RunAsync("list", "--key", key)).Code);
        Assert.Equal(0, (await standalone.RunAsync("list", "--key", rotated)).Code);
        Assert.Equal(0, (await standalone.RunAsync("keys", "revoke", id)).Code);
        Assert.Equal(4, (await standalone.RunAsync("list", "--key", rotated)).Code);
    }

    [Fact]
    public async Task Models_are_listed_switched_weighed_and_not_added_or_removed_without_cause()
    {
        var (code, output, errors) = await standalone.RunAsync("models", "list");
        Assert.Equal((0, ""), (code, errors));
        Assert.Matches(@"(?m)^swap-mobilenet +\S+ +on cpu +fitted$", output);

        string[] others = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).Where(name => name != "swap-mobilenet")];
        Assert.NotEmpty(others);
        foreach (var other in others) Assert.Contains("disabled", (await standalone.RunAsync("models", "disable", other)).Output, StringComparison.Ordinal);
        var last = await standalone.RunAsync("models", "remove", "swap-mobilenet");
        Assert.Equal(1, last.Code);
        Assert.Contains("only model that scores", last.Errors, StringComparison.Ordinal);
        Assert.Contains("fitted, weight 0.5", (await standalone.RunAsync("models", "weight", "swap-mobilenet", "0.5")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await standalone.RunAsync("models", "weight", "swap-mobilenet", "1")).Code);
        Assert.Equal(1, (await standalone.RunAsync("models", "enable", "nobody")).Code);
        foreach (var other in others) Assert.Equal(0, (await standalone.RunAsync("models", "enable", other)).Code);

        var manifest = Path.Combine(Path.GetDirectoryName(standalone.Picture)!, "models", "swap-mobilenet", "model.json");
        var taken = await standalone.RunAsync("models", "add", "--url", "https://example.invalid/model.onnx", "--sha256", new string('0', 64), "--manifest", manifest);
        Assert.Equal(1, taken.Code);
        Assert.Contains("already", taken.Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await standalone.RunAsync("models", "add", "--url", "https://example.invalid/model.onnx", "--sha256", "0", "--manifest", standalone.Picture)).Code);
        Assert.Equal(2, (await standalone.RunAsync("models", "add", "--url", "https://example.invalid/model.onnx")).Code);
        Assert.Equal(0, (await standalone.RunAsync("models", "reload")).Code);
    }
}
