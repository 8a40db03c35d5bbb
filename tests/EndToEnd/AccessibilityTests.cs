namespace Deepfake.EndToEnd;

/// <summary>The page without a mouse, without sight, on a phone, at night.</summary>
[Collection(PageTests.Name)]
public sealed class AccessibilityTests(PageFixture fixture)
{
    [Fact]
    public async Task A_photo_is_checked_and_deleted_with_the_keyboard_alone()
    {
        await using var visit = await fixture.VisitAsync();
        var keyboard = visit.Page.Keyboard;

        await TabToAsync(visit, "Choose files");
        var chooser = await visit.Page.RunAndWaitForFileChooserAsync(() => keyboard.PressAsync("Enter"));
        await chooser.SetFilesAsync(Visit.Photo(6, "keyboard.jpg"));
        var id = await visit.ResultAsync();

        await TabToAsync(visit, "Delete");
        await keyboard.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        await keyboard.PressAsync("Escape");
        await Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal("Delete", (await visit.Page.EvaluateAsync<string[]>(Scripts.Focused))[0]);

        await keyboard.PressAsync("Enter");
        await TabToAsync(visit, "Delete");
        await keyboard.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeFocusedAsync();
        Assert.Null(await visit.RecordAsync(id));
    }

    [Fact]
    public async Task The_verdict_is_told_to_people_who_cannot_see_it()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.ChooseAsync(Visit.Photo(2, "spoken.jpg"));
        await visit.ResultAsync();

        var verdict = await visit.Verdict.TextContentAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Status)).ToContainTextAsync($"spoken.jpg: {verdict}");
        Assert.Contains("spoken.jpg", await visit.Page.TitleAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Everything_has_a_name_and_enough_contrast(ColorScheme scheme)
    {
        await using var visit = await fixture.VisitAsync(options: new() { ColorScheme = scheme });
        await CheckAsync(visit);

        await visit.Page.Locator("input[type=file]").First.SetInputFilesAsync(fixture.Video);
        await visit.ResultAsync();
        await visit.Page.GetByText("Models, measurements").ClickAsync();
        await CheckAsync(visit);

        await visit.OpenAsync("?failure#an_0unknown");
        await Expect(visit.Failure).ToBeVisibleAsync();
        await CheckAsync(visit);
    }

    [Fact]
    public async Task Nothing_is_wider_than_a_phone()
    {
        await using var visit = await fixture.VisitAsync(options: new() { ViewportSize = new() { Width = 360, Height = 740 }, IsMobile = true, HasTouch = true });
        await visit.FitsAsync();

        var name = $"{new string('a', 90)} with a long name.jpg";
        await visit.ChooseAsync(Visit.Photo(1, name));
        await visit.ResultAsync();
        await visit.Page.GetByText("Models, measurements").TapAsync();
        await visit.FitsAsync();

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "New check" }).TapAsync();
        await Expect(visit.Recent(name)).ToBeVisibleAsync();
        await visit.FitsAsync();

        await visit.Page.Locator("input[type=file]").First.SetInputFilesAsync(fixture.Video);
        await visit.ResultAsync();
        await visit.FitsAsync();
    }

    private static async Task CheckAsync(Visit visit)
    {
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>(Scripts.AccessibilityFaults));
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>(Scripts.ContrastFaults));
    }

    /// <summary>Presses Tab until the element has the focus, and checks that each stop on the way can be seen.</summary>
    private static async Task TabToAsync(Visit visit, string name)
    {
        for (var stop = 0; stop < 40; stop++)
        {
            await visit.Page.Keyboard.PressAsync("Tab");
            var focused = await visit.Page.EvaluateAsync<string[]>(Scripts.Focused);
            if (focused[0] == name)
            {
                Assert.Equal("ring", focused[1]);
                return;
            }
        }

        Assert.Fail($"\"{name}\" is not reached by Tab.");
    }
}
