using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deepfake.EndToEnd;

/// <summary>A browser window on the page, with what a person does there. Faults of the page's code or policy fail the test at the end.</summary>
public sealed partial class Visit(IBrowserContext context, Uri address) : IAsyncDisposable
{
    /// <summary>An analysis on a loaded machine; most take a second.</summary>
    private const float AnalysisDeadline = 120_000;

    private readonly ConcurrentQueue<string> _faults = new();

    /// <summary>The window.</summary>
    public IPage Page { get; private set; } = null!;

    /// <summary>What the verdict says.</summary>
    public ILocator Verdict => Page.Locator("#verdict-title");

    /// <summary>What the page says when there is no result.</summary>
    public ILocator Failure => Page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Heading);

    /// <summary>One line of the list of recent analyses.</summary>
    public ILocator Recent(string fileName) =>
        Page.GetByRole(AriaRole.Region, new() { Name = "Recent" }).GetByRole(AriaRole.Listitem).Filter(new() { HasText = fileName });

    /// <summary>Loads the page anew.</summary>
    public async Task OpenAsync(string hash)
    {
        if (Page is null)
        {
            Page = await context.NewPageAsync();
            Page.SetDefaultTimeout(20_000);
            Page.PageError += (_, error) => _faults.Enqueue(error);
            Page.Console += (_, message) =>
            {
                if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal)) _faults.Enqueue(message.Text);
            };
            // Has the browser hand its file dialogs over from the start: asked for just before a key press, it can come too late.
            Page.FileChooser += (_, _) => { };
            await Page.AddInitScriptAsync(Scripts.RecordProgress);
        }

        await Page.GotoAsync(new Uri(address, hash).AbsoluteUri);
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeVisibleAsync();
    }

    /// <summary>Chooses files as the file dialog would.</summary>
    public Task ChooseAsync(params FilePayload[] files) => Page.Locator("input[type=file]").First.SetInputFilesAsync(files);

    /// <summary>Waits for the verdict and returns the id of the analysis from the address.</summary>
    public async Task<string> ResultAsync()
    {
        await Expect(Verdict).ToBeVisibleAsync(new() { Timeout = AnalysisDeadline });
        return Id(Page.Url);
    }

    /// <summary>The record of an analysis as the API gives it; null when it is not there.</summary>
    public async Task<JsonElement?> RecordAsync(string id)
    {
        var response = await context.APIRequest.GetAsync(new Uri(address, $"/v1/analyses/{id}").AbsoluteUri);
        return response.Ok ? await response.JsonAsync() : null;
    }

    /// <summary>The progress that was shown so far, as "stage percent" in order; percent is empty where none was known.</summary>
    public Task<string[]> ProgressAsync() => Page.EvaluateAsync<string[]>("() => window.shownProgress");

    /// <summary>Fails when the page can be scrolled sideways.</summary>
    public async Task FitsAsync()
    {
        var excess = await Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(excess <= 0, $"The page is {excess} px too wide at {Page.Url}.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await context.DisposeAsync();
        Assert.Empty(_faults);
    }

    /// <summary>A photograph under a name of its own.</summary>
    public static FilePayload Photo(int number, string name) => new() { Name = name, MimeType = "image/jpeg", Buffer = File.ReadAllBytes(Repository.Photo(number)) };

    /// <summary>The id in an address such as <c>http://host/#an_1</c>.</summary>
    public static string Id(string url) => AnalysisHash().Match(url) is { Success: true } match ? match.Value : throw new ArgumentException($"{url} names no analysis.", nameof(url));

    [GeneratedRegex("an_[A-Za-z0-9_-]+$", RegexOptions.None, 1000)]
    private static partial Regex AnalysisHash();
}
