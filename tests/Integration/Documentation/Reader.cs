using System.Text.Json;
using System.Text.RegularExpressions;
using Deepfake.Contracts;
using Deepfake.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.Integration.Documentation;

/// <summary>Somebody at a shell in a folder with a few files, who types the documentation's commands and puts in the ids that they got.</summary>
public sealed partial class Reader : IAsyncLifetime
{
    // The real curl; what it got is kept beside.
    private const string Curl = """
        #!/bin/bash
        set -o pipefail
        /usr/bin/curl -sS --max-time 120 -D "$KEPT/headers" "$@" | tee "$KEPT/body"
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _data = new();
    private readonly TestMedia _media = new();
    private readonly Dictionary<string, string> _ids = [];
    private Host _host = null!;
    private WebApplication _elsewhere = null!;
    private string _key = "", _url = "";

    public async Task InitializeAsync()
    {
        var media = await _media.MixedAsync(5);
        foreach (var (name, made) in new[] { ("clip.mp4", 0), ("b.mp4", 0), ("face.jpg", 4), ("a.jpg", 4) }) File.Copy(media[made].Path, Path.Combine(_folder.Path, name));
        var bin = Directory.CreateDirectory(Path.Combine(_folder.Path, "bin")).FullName;
        await File.WriteAllTextAsync(Path.Combine(bin, "curl"), Curl);
        await ServerProcess.RunAsync(["chmod", "+x", Path.Combine(bin, "curl")], bin);
        _key = await Host.NewKeyAsync();
        _elsewhere = await ServeAsync(Path.Combine(_folder.Path, "clip.mp4"));
        _host = await Host.StartAsync("Standalone", new Dictionary<string, string>
        {
            ["DATA_PATH"] = _data.Path,
            ["Identity__BootstrapKey"] = _key,
            ["Outbound__AllowedNetworks"] = "127.0.0.1/32",
            ["Ingest__UrlPorts"] = "any",
        });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _elsewhere.DisposeAsync();
        _media.Dispose();
        _data.Dispose();
        _folder.Dispose();
    }

    /// <summary>Begins a block: what it speaks of is new.</summary>
    public void Forget() => _ids.Clear();

    /// <summary>Types a command.</summary>
    /// <returns>What is wrong with the answer; null for nothing.</returns>
    internal async Task<string?> TryAsync(ShellSample sample)
    {
        var (status, headers, body, output) = await TypeAsync(await FillInAsync(sample.Text));
        if (!sample.Allows(status)) return $"{sample.Text}\n  answered {status}: {body}";
        if (sample.Headers.FirstOrDefault(name => !headers.Contains($"\n{name}:", StringComparison.OrdinalIgnoreCase)) is { } header) return $"{sample.Text}\n  answered without {header}";
        var members = sample.Members.ToList();
        if (members.Count > 0)
        {
            using var document = JsonDocument.Parse(body[body.IndexOf('{', StringComparison.Ordinal)..]);
            if (members.FirstOrDefault(name => !document.RootElement.TryGetProperty(name, out _)) is { } member) return $"{sample.Text}\n  answered without {member}: {body}";
        }

        // A sum that a command prints is one that the document holds.
        return sample.Text.EndsWith("sha256sum", StringComparison.Ordinal) && !body.Contains(output.Split(' ')[0], StringComparison.Ordinal) ? $"{sample.Text}\n  printed {output}, of {body}" : null;
    }

    /// <summary>Puts the host's address and the ids into a command; what it speaks of and nothing before made, is made.</summary>
    private async Task<string> FillInAsync(string text)
    {
        foreach (Match placeholder in Placeholder().Matches(text))
        {
            if (_ids.ContainsKey(placeholder.Groups["kind"].Value)) continue;
            foreach (var command in Making(placeholder.Groups["kind"].Value)) await TypeAsync(await FillInAsync(command));
        }

        text = Placeholder().Replace(text, placeholder => _ids[placeholder.Groups["kind"].Value]);
        return Address().Replace(text, _host.Address.ToString().TrimEnd('/'))
            .Replace("https://example.org/clip.mp4", _elsewhere.Urls.First() + "/clip.mp4", StringComparison.Ordinal).Replace("https://…", "https://example.org/hook", StringComparison.Ordinal);
    }

    private static string[] Making(string kind) => kind switch
    {
        "an" => ["curl -F file=@face.jpg localhost:8080/v1/analyses", "curl 'localhost:8080/v1/analyses/an_…?wait=50'"],
        "del" => ["curl -X DELETE localhost:8080/v1/analyses/an_…"],
        "up" =>
        [
            "curl -i -X POST -H 'Tus-Resumable: 1.0.0' -H \"Upload-Length: $(stat -c %s face.jpg)\" localhost:8080/v1/uploads",
            "curl -X PATCH -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' -H 'Content-Type: application/offset+octet-stream' --data-binary @face.jpg localhost:8080/v1/uploads/up_…",
        ],
        _ => throw new InvalidOperationException($"Nothing before the command made a '{kind}_…'."),
    };

    private async Task<(int Status, string Headers, string Body, string Output)> TypeAsync(string command)
    {
        using var kept = new TemporaryFolder();
        var output = await ServerProcess.RunAsync(["bash", "-c", command], _folder.Path, new Dictionary<string, string>
        {
            ["PATH"] = $"{Path.Combine(_folder.Path, "bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["KEPT"] = kept.Path,
            ["URL"] = _url,
            ["Identity__BootstrapKey"] = _key,
        });
        var (headers, body) = (await File.ReadAllTextAsync(Path.Combine(kept.Path, "headers")), await File.ReadAllTextAsync(Path.Combine(kept.Path, "body")));
        var ids = new HashSet<string>();
        foreach (Match id in Id().Matches(headers + body))
        {
            if (ids.Add(id.Groups["kind"].Value)) _ids[id.Groups["kind"].Value] = id.Value;
        }

        if (Url().Match(body) is { Success: true } url) _url = JsonSerializer.Deserialize<string>($"\"{url.Groups["url"].Value}\"", DeepfakeJson.Options)!;
        return (int.Parse(StatusLine().Matches(headers)[^1].Groups["status"].Value, System.Globalization.CultureInfo.InvariantCulture), headers, body, output);
    }

    private static async Task<WebApplication> ServeAsync(string file)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/clip.mp4", () => Results.File(file, "video/mp4"));
        await app.StartAsync();
        return app;
    }

    [GeneratedRegex("(?<kind>an|up|del|ba)_…", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\b(?<kind>an|up|del|ba)_[0-9a-z]{20,}(_v\d+)?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Id();

    [GeneratedRegex("(http://)?localhost:8080", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Address();

    [GeneratedRegex("\"url\":\"(?<url>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Url();

    [GeneratedRegex(@"^HTTP/\S+ (?<status>\d{3})", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex StatusLine();
}
