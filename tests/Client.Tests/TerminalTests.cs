using System.Text.Json;

namespace Deepfake.Client.Tests;

/// <summary>What a person sees; <see cref="ToolTests"/> says what scripts read.</summary>
[Collection(StandaloneTests.Name)]
public sealed class TerminalTests(StandaloneFixture standalone)
{
    private const string Id = "an_01m8mtcrppvn379b84df4x2kdb";

    private const string Hostile =
        """{"items":[{"id":"an_01m8mtcrppvn379b84df4x2kdb","status":"completed","sha256":"","verdict":"manipulated","deepfake_score":97,"file_name":"[red]a\u001b[2Jb.jpg","created_at":"2026-01-01T00:00:00Z"}],"next_cursor":null}""";

    [Fact]
    public async Task A_list_is_a_table_in_which_texts_of_others_command_nothing()
    {
        await using var stub = await StubService.StartAsync((_, context) => context.JsonAsync(Hostile));
        var (code, screen) = await standalone.RunOnTerminalAsync(["list", "--server", stub.Address.ToString()]);

        Assert.Equal(0, code);
        Assert.Contains("Verdict", screen, StringComparison.Ordinal);
        Assert.Contains("[red]a?[2Jb.jpg", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[2J", screen, StringComparison.Ordinal);
        Assert.Matches(@"\e\[[0-9;]+m\s*manipulated", screen);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(80)]
    [InlineData(50)]
    [InlineData(20)]
    public async Task A_terminal_of_any_width_shows_the_whole_id(int columns)
    {
        await using var stub = await StubService.StartAsync((_, context) => context.JsonAsync(Hostile));
        var (code, screen) = await standalone.RunOnTerminalAsync(["list", "--server", stub.Address.ToString()], columns: columns);
        Assert.Equal(0, code);
        Assert.Contains(Id, screen, StringComparison.Ordinal);
        Assert.Contains("manipulated", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_are_no_colours_where_they_are_not_wanted_or_nobody_sees_them()
    {
        await using var stub = await StubService.StartAsync((_, context) => context.JsonAsync(Hostile));
        var (_, screen) = await standalone.RunOnTerminalAsync(["list", "--server", stub.Address.ToString()], colours: false);
        Assert.Contains("manipulated", screen, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\e\[([0-9]+;)*(3[0-8]|9[0-7])[;m]", screen);

        var (_, output, _) = await standalone.RunAsync("list", "--server", stub.Address.ToString());
        Assert.Equal(Id + "  2026-01-01 00:00  manipulated  97  [red]a?[2Jb.jpg\n", output);
    }

    [Fact]
    public async Task A_record_stays_one_line_below_the_bars()
    {
        var (code, screen) = await standalone.RunOnTerminalAsync(["analyze", standalone.Picture, "--wait", "--json"]);
        Assert.Equal(0, code);
        var record = screen[screen.IndexOf("{\"", StringComparison.Ordinal)..(screen.LastIndexOf('}') + 1)];
        Assert.DoesNotContain('\n', record);
        Assert.Equal("completed", JsonSerializer.Deserialize<JsonElement>(record).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_verdict_is_told_with_its_id_and_the_cursor_comes_back()
    {
        var (code, screen) = await standalone.RunOnTerminalAsync(["analyze", standalone.Picture, "--wait"]);
        Assert.Equal(0, code);
        Assert.Matches(@"an_[0-9a-z]{26}", screen);
        Assert.True(screen.LastIndexOf("\e[?25h", StringComparison.Ordinal) > screen.LastIndexOf("\e[?25l", StringComparison.Ordinal), "The cursor stays hidden.");
    }

    [Fact]
    public async Task Before_a_key_ends_a_person_is_asked()
    {
        var key = (await standalone.RunAsync("keys", "create", "for a person", "--scope", "analyses:read")).Output.Trim();
        var id = key.Split('_')[1];

        var (refused, screen) = await standalone.RunOnTerminalAsync(["keys", "revoke", id], input: "n\n");
        Assert.Equal(1, refused);
        Assert.Contains($"Revoke the key {id}", screen, StringComparison.Ordinal);
        Assert.Equal(0, (await standalone.RunAsync("list", "--key", key)).Code);

        Assert.Equal(0, (await standalone.RunOnTerminalAsync(["keys", "revoke", id], input: "y\n")).Code);
        Assert.Equal(4, (await standalone.RunAsync("list", "--key", key)).Code);
        Assert.Equal(0, (await standalone.RunOnTerminalAsync(["keys", "revoke", id, "--yes"])).Code);
    }
}
