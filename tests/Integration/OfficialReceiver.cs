using System.Globalization;
using System.Text.Json;
using Deepfake.TestServers;

namespace Deepfake.Integration;

/// <summary>
/// A web server in a process of Node that takes webhook notices as the official library of Standard Webhooks verifies them: the npm package,
/// as published. Below <c>/stubborn</c> it fails nine times before it takes anything.
/// </summary>
internal sealed class OfficialReceiver : IAsyncDisposable
{
    /// <summary>How often <c>/stubborn</c> fails.</summary>
    public const int Failures = 9;

    private const string Script = """
        const { Webhook } = require("standardwebhooks");
        const [secret, failures] = process.argv.slice(1);
        const webhook = new Webhook(secret), taken = { "/prompt": {}, "/stubborn": {} };
        let failed = 0, refused = 0;
        const server = require("http").createServer(async (request, response) => {
          if (request.method === "GET") return response.end(JSON.stringify({ prompt: taken["/prompt"], stubborn: taken["/stubborn"], failed, refused }));
          let body = "";
          for await (const part of request.setEncoding("utf8")) body += part;
          if (request.url === "/stubborn" && failed < failures) { failed++; return response.writeHead(503).end(); }
          try {
            const notice = webhook.verify(body, request.headers);
            taken[request.url][request.headers["webhook-id"]] = notice.type;
            response.writeHead(204).end();
          } catch { refused++; response.writeHead(401).end(); }
        });
        server.listen(Number(process.env.PORT), "127.0.0.1");
        """;

    private readonly ServerProcess _process;
    private readonly HttpClient _client;

    private OfficialReceiver(ServerProcess process, int port) =>
        (_process, _client) = (process, new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}")) });

    /// <summary>An address that takes at once.</summary>
    public Uri Prompt => new(_client.BaseAddress!, "/prompt");

    /// <summary>An address that fails first.</summary>
    public Uri Stubborn => new(_client.BaseAddress!, "/stubborn");

    /// <summary>Starts it.</summary>
    /// <param name="secret">With which notices are verified.</param>
    public static async Task<OfficialReceiver> StartAsync(string secret)
    {
        var port = Ports.Free();
        var root = Repository.Root;
        var process = ServerProcess.Start(["node", "-e", Script, "--", secret, Failures.ToString(CultureInfo.InvariantCulture)], root, new Dictionary<string, string>
        {
            ["NODE_PATH"] = Path.Combine(root, ".deps", "npm"),
            ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
        });
        var receiver = new OfficialReceiver(process, port);
        await process.WaitUntilReadyAsync("node", async stop => (await receiver._client.GetAsync(new Uri("/", UriKind.Relative), stop)).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
        return receiver;
    }

    /// <summary>What came until now.</summary>
    public async Task<Taken> ReadAsync(CancellationToken cancellationToken) =>
        JsonSerializer.Deserialize<Taken>(await _client.GetStringAsync(new Uri("/", UriKind.Relative), cancellationToken), JsonSerializerOptions.Web)!;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.KillAsync();
        _process.Dispose();
    }

    /// <summary>Notices that the library took.</summary>
    /// <param name="Prompt">Type of each at the prompt address, by its id.</param>
    /// <param name="Stubborn">The same at the other.</param>
    /// <param name="Failed">How often the other failed.</param>
    /// <param name="Refused">Notices that the library did not take.</param>
    public sealed record Taken(Dictionary<string, string> Prompt, Dictionary<string, string> Stubborn, int Failed, int Refused);
}
