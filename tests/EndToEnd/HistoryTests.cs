using System.Text.RegularExpressions;

namespace Deepfake.EndToEnd;

/// <summary>Results that are opened again, linked to and deleted.</summary>
[Collection(PageTests.Name)]
public sealed class HistoryTests(PageFixture fixture)
{
    [Fact]
    public async Task A_result_is_found_in_the_list_and_the_back_button_works()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.ChooseAsync(Visit.Photo(3, "listed.jpg"));
        var id = await visit.ResultAsync();
        var verdict = await visit.Verdict.TextContentAsync();

        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "New check" }).ClickAsync();
        await visit.Recent("listed.jpg").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(visit.Verdict).ToHaveTextAsync(verdict!);
        Assert.Equal(id, Visit.Id(visit.Page.Url));

        await visit.Page.GoBackAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Choose files" })).ToBeVisibleAsync();
        await visit.Page.GoBackAsync();
        await Expect(visit.Verdict).ToHaveTextAsync(verdict!);
    }

    [Fact]
    public async Task A_link_opens_the_result_in_another_browser_without_the_file()
    {
        string link;
        string verdict;
        await using (var first = await fixture.VisitAsync())
        {
            await first.ChooseAsync(Visit.Photo(6, "linked.jpg"));
            link = await first.ResultAsync();
            verdict = (await first.Verdict.TextContentAsync())!;
        }

        await using var second = await fixture.VisitAsync($"#{link}");

        await Expect(second.Verdict).ToHaveTextAsync(verdict);
        await Expect(second.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("linked.jpg");
        await Expect(second.Page.Locator(".preview")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_link_opened_while_the_analysis_runs_shows_the_result_when_it_is_there()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.Page.Locator("input[type=file]").First.SetInputFilesAsync(fixture.Video);
        await Expect(visit.Page).ToHaveURLAsync(new Regex("#an_", RegexOptions.None, TimeSpan.FromSeconds(1)), new() { Timeout = 60_000 });

        await visit.Page.ReloadAsync();

        await visit.ResultAsync();
    }

    [Fact]
    public async Task A_deleted_analysis_is_gone_from_the_list_the_service_and_its_link()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.ChooseAsync(Visit.Photo(4, "deleted.jpg"));
        var id = await visit.ResultAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "New check" }).ClickAsync();
        await Expect(visit.Recent("deleted.jpg")).ToBeVisibleAsync();

        await visit.Recent("deleted.jpg").GetByRole(AriaRole.Button, new() { Name = "Delete deleted.jpg" }).ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Delete this analysis?" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        await Expect(visit.Recent("deleted.jpg")).ToBeVisibleAsync();
        await visit.Recent("deleted.jpg").GetByRole(AriaRole.Button, new() { Name = "Delete deleted.jpg" }).ClickAsync();
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await Expect(visit.Recent("deleted.jpg")).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Deleted");
        Assert.Null(await visit.RecordAsync(id));
        await visit.OpenAsync($"?again#{id}");
        await Expect(visit.Failure).ToHaveTextAsync("This analysis does not exist");
    }
}
