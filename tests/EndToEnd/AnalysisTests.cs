using System.Text.RegularExpressions;

namespace Deepfake.EndToEnd;

/// <summary>The way of a file through the page.</summary>
[Collection(PageTests.Name)]
public sealed class AnalysisTests(PageFixture fixture)
{
    private static readonly Dictionary<string, string> Titles = new()
    {
        ["authentic"] = "No sign of manipulation found",
        ["suspicious"] = "Possibly manipulated",
        ["manipulated"] = "Likely manipulated",
        ["inconclusive"] = "No answer possible",
    };

    [Fact]
    public async Task A_dropped_photo_gets_the_verdict_that_the_service_gives()
    {
        await using var visit = await fixture.VisitAsync();

        var content = Convert.ToBase64String(await File.ReadAllBytesAsync(Repository.Photo(2)));
        var invited = await visit.Page.EvaluateAsync<bool>(Scripts.Drop, new[] { content, "dropped.jpg" });

        Assert.True(invited, "Nothing showed that the file can be dropped.");
        var record = (await visit.RecordAsync(await visit.ResultAsync()))!.Value;
        await Expect(visit.Verdict).ToHaveTextAsync(Titles[record.GetProperty("verdict").GetString()!]);
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("dropped.jpg");
        var score = record.GetProperty("deepfake_score");
        if (score.ValueKind == System.Text.Json.JsonValueKind.Number)
            await Expect(visit.Page.Locator(".gauge")).ToHaveAttributeAsync("aria-label", $"Manipulation score {Math.Floor(score.GetDouble() + 0.5)} of 100");
        foreach (var finding in record.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("kind").GetString() != "observation"))
            await Expect(visit.Page.Locator(".reasons li", new() { HasText = finding.GetProperty("text").GetString() })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Img, new() { Name = "Preview of dropped.jpg" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Every_face_is_shown_with_its_picture_and_a_box_in_the_photo()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.ChooseAsync(Visit.Photo(1, "faces.jpg"));

        var record = (await visit.RecordAsync(await visit.ResultAsync()))!.Value;
        var faces = record.GetProperty("faces").GetArrayLength();
        Assert.InRange(faces, 1, 12);
        await Expect(visit.Page.Locator(".face")).ToHaveCountAsync(faces);
        await Expect(visit.Page.Locator("rect.face-box")).ToHaveCountAsync(faces);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Show heat maps" }).ClickAsync();
        var crops = visit.Page.Locator("img.crop[src$=heatmap]");
        await Expect(crops).ToHaveCountAsync(faces);
        for (var i = 0; i < faces; i++)
        {
            await crops.Nth(i).ScrollIntoViewIfNeededAsync();
            await visit.Page.WaitForFunctionAsync("i => { const e = document.querySelectorAll('img.crop')[i]; return e.complete && e.naturalWidth > 0; }", i);
        }
    }

    [Fact]
    public async Task Progress_is_shown_stage_by_stage_and_never_goes_back()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.Page.Locator("input[type=file]").First.SetInputFilesAsync(fixture.Video);
        await visit.ResultAsync();

        var shown = await visit.ProgressAsync();
        string[] order = ["Waiting to be sent", "Sending the file", "Checking the file", "Waiting for a free worker", "Finding faces", "Scoring faces and traces", "Weighing the evidence", "Finishing"];
        var places = shown.Select(state => Array.FindIndex(order, state.StartsWith)).ToList();
        Assert.DoesNotContain(-1, places);
        Assert.Equal(places.Order(), places);
        Assert.True(places.Distinct().Count() >= 2, $"Only {string.Join(", ", shown)} was shown.");
        var percents = shown.Where((_, i) => places[i] >= 3).Select(state => Regex.Match(state, @"\d+$", RegexOptions.None, TimeSpan.FromSeconds(1)))
            .Where(match => match.Success).Select(match => int.Parse(match.Value)).ToList();
        Assert.Equal(percents.Order(), percents);
    }

    [Fact]
    public async Task The_timeline_of_a_video_is_read_by_keyboard_and_moves_the_preview()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.Page.Locator("input[type=file]").First.SetInputFilesAsync(fixture.Video);
        var record = (await visit.RecordAsync(await visit.ResultAsync()))!.Value;
        Assert.Equal("video", record.GetProperty("media").GetProperty("kind").GetString());
        var frames = record.GetProperty("frames").EnumerateArray().Select(frame => frame.GetProperty("seconds").GetDouble()).ToList();
        Assert.True(frames.Count > 3);

        var slider = visit.Page.GetByRole(AriaRole.Slider);
        await slider.FocusAsync();
        await visit.Page.Keyboard.PressAsync("Home");
        await visit.Page.Keyboard.PressAsync("ArrowRight");
        await visit.Page.Keyboard.PressAsync("ArrowRight");

        await Expect(slider).ToHaveAttributeAsync("aria-valuetext", new Regex(@"^\d:\d\d\.\d: highest score (?:\d+ of 100|not measured)", RegexOptions.None, TimeSpan.FromSeconds(1)));
        await visit.Page.WaitForFunctionAsync("t => Math.abs(document.querySelector('video').currentTime - t) < 0.05", frames[2]);

        var box = (await slider.BoundingBoxAsync())!;
        await visit.Page.Mouse.ClickAsync(box.X + box.Width - 12, box.Y + (box.Height / 2));
        await visit.Page.WaitForFunctionAsync("t => Math.abs(document.querySelector('video').currentTime - t) < 0.2", frames[^1]);
    }

    [Fact]
    public async Task Several_files_are_sent_together_and_end_up_in_the_list()
    {
        await using var visit = await fixture.VisitAsync();

        await visit.ChooseAsync(Visit.Photo(3, "first-of-three.jpg"), Visit.Photo(4, "second-of-three.jpg"), new() { Name = "third-of-three.jpg", MimeType = "image/jpeg", Buffer = "not a photo"u8.ToArray() });

        foreach (var name in new[] { "first-of-three.jpg", "second-of-three.jpg" })
            await Expect(visit.Recent(name)).ToBeVisibleAsync(new() { Timeout = 120_000 });
        var rest = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Files you added" });
        await Expect(rest.GetByRole(AriaRole.Listitem)).ToHaveCountAsync(1);
        await Expect(rest).ToContainTextAsync("This kind of file is not supported");
        await rest.GetByRole(AriaRole.Button, new() { Name = "Dismiss third-of-three.jpg" }).ClickAsync();
        await Expect(rest).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_upload_can_be_cancelled()
    {
        await using var visit = await fixture.VisitAsync();
        var network = await visit.Page.Context.NewCDPSessionAsync(visit.Page);
        await network.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = -1, ["uploadThroughput"] = 20_000 });
        await visit.ChooseAsync(Visit.Photo(3, "cancelled.jpg"));
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "Sending the file" })).ToBeVisibleAsync();

        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Choose files" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByText("cancelled.jpg")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("holiday.mp4", "This text pretends to be a video.", "This kind of file is not supported")]
    [InlineData("playlist.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n", "This is a playlist, not a video")]
    [InlineData("empty.jpg", "", "The file is empty")]
    public async Task A_file_that_cannot_be_analysed_is_explained_in_plain_words(string name, string content, string title)
    {
        await using var visit = await fixture.VisitAsync();

        await visit.ChooseAsync(new FilePayload { Name = name, MimeType = "video/mp4", Buffer = System.Text.Encoding.UTF8.GetBytes(content) });

        await Expect(visit.Failure).ToHaveTextAsync(title);
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Choose another file" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_photo_that_was_cut_off_is_explained_and_the_next_file_is_welcome()
    {
        await using var visit = await fixture.VisitAsync();
        var whole = await File.ReadAllBytesAsync(Repository.Photo(5));

        await visit.ChooseAsync(new FilePayload { Name = "cut.jpg", MimeType = "image/jpeg", Buffer = whole[..(whole.Length / 3)] });
        await Expect(visit.Failure).ToHaveTextAsync(new Regex("incomplete|damaged", RegexOptions.None, TimeSpan.FromSeconds(1)), new() { Timeout = 60_000 });

        await visit.ChooseAsync(Visit.Photo(5, "whole.jpg"));
        await visit.ResultAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("whole.jpg");
    }
}
