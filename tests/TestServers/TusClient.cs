using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Deepfake.TestKit;

namespace Deepfake.TestServers;

/// <summary>The public client of the tus protocol, <c>tus-js-client</c> from npm, unmodified, in a process of Node.js.</summary>
public sealed class TusClient : IDisposable
{
    private const string Script = """
        const fs = require("fs"), tus = require("tus-js-client");
        const [endpoint, file, settings] = process.argv.slice(1);
        const options = JSON.parse(settings);
        const say = event => process.stdout.write(JSON.stringify(event) + "\n");
        const upload = new tus.Upload(fs.createReadStream(file), {
          endpoint, uploadSize: fs.statSync(file).size, chunkSize: Infinity, retryDelays: Array(600).fill(200), ...options,
          onBeforeRequest: async () => {
            if (!options.holdAt || upload._offset < options.holdAt) return;
            options.holdAt = 0;
            await new Promise(resolve => process.stdin.once("data", resolve));
          },
          onUploadUrlAvailable: () => say({ event: "created", url: upload.url }),
          onChunkComplete: (size, accepted, total) => say({ event: "accepted", bytes: accepted }),
          onProgress: (sent, total) => say({ event: "sent", bytes: sent }),
          onShouldRetry: error => { say({ event: "retry", status: error.originalResponse ? error.originalResponse.getStatus() : 0 }); return true; },
          onError: error => { say({ event: "error", text: String(error.originalResponse ? error.originalResponse.getBody() : error), status: error.originalResponse ? error.originalResponse.getStatus() : 0 }); process.exit(1); },
          onSuccess: payload => { say({ event: "done", url: upload.url, analysis: payload.lastResponse.getHeader("Analysis-Location") }); process.stdin.destroy(); },
        });
        if (options.stopAt) upload.options.onProgress = sent => { if (sent >= options.stopAt) { say({ event: "stopped", url: upload.url }); process.exit(0); } };
        upload.start();
        """;

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly List<JsonElement> _seen = [];

    private TusClient(Process process)
    {
        _process = process;
        _process.ErrorDataReceived += (_, line) => { lock (_errors) _errors.AppendLine(line.Data); };
        _process.BeginErrorReadLine();
    }

    /// <summary>Events until now: <c>created</c>, <c>sent</c>, <c>accepted</c>, <c>retry</c>, <c>stopped</c>, <c>error</c>, <c>done</c>.</summary>
    public IReadOnlyList<JsonElement> Seen => _seen;

    /// <summary>Starts an upload.</summary>
    /// <param name="endpoint">Where uploads are created.</param>
    /// <param name="file">What to upload; its size has to be known, its bytes are read as a stream.</param>
    /// <param name="options">Options of the client, over its defaults; <c>stopAt</c> ends the process after so many bytes,
    /// <c>holdAt</c> waits before the request that would send bytes beyond so many, until <see cref="Release"/>.</param>
    public static TusClient Start(Uri endpoint, string file, object options)
    {
        var start = new ProcessStartInfo("node", ["-e", Script, "--", endpoint.ToString(), file, JsonSerializer.Serialize(options)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["NODE_PATH"] = Path.Combine(Repository.Root, ".deps", "npm") },
        };
        return new TusClient(Process.Start(start)!);
    }

    /// <summary>Lets an upload that waits, or will wait, at <c>holdAt</c> go on.</summary>
    public void Release() => _process.StandardInput.WriteLine();

    /// <summary>Reads on until an event of a kind has come that fulfils a condition.</summary>
    /// <exception cref="InvalidOperationException">The client ended before.</exception>
    public async Task<JsonElement> WaitForAsync(string kind, Func<JsonElement, bool>? condition = null, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(120));
        while (await _process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            var seen = JsonDocument.Parse(line).RootElement.Clone();
            _seen.Add(seen);
            if (seen.GetProperty("event").GetString() == kind && (condition is null || condition(seen))) return seen;
        }

        lock (_errors) throw new InvalidOperationException($"The client ended without '{kind}': {string.Join('\n', _seen.TakeLast(5))}\n{_errors}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
