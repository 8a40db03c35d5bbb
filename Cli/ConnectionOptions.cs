using System.CommandLine;
using System.Net;
using Deepfake.Client;

namespace Deepfake.Cli;

/// <summary>Where the service is and who asks; the same for every command. Turns what goes wrong into an exit code.</summary>
internal sealed class ConnectionOptions
{
    private const string DefaultServer = "http://localhost:8080";

    public Option<string> Server { get; } = new("--server")
    {
        Description = $"Address of the service (DEEPFAKE_SERVER; {DefaultServer}).",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string> Key { get; } = new("--key")
    {
        Description = "API key (DEEPFAKE_API_KEY, which other users of the machine do not see).",
        HelpName = "KEY",
        Recursive = true,
    };

    /// <summary>Runs a command with a client.</summary>
    public async Task<int> RunAsync(ParseResult parsed, Func<DeepfakeClient, Task<int>> command, CancellationToken cancellationToken)
    {
        var server = parsed.GetValue(Server) ?? Variable("DEEPFAKE_SERVER") ?? DefaultServer;
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            return Fail($"'{server}' is no http or https address.", ExitCodes.Usage);
        try
        {
            using var client = new DeepfakeClient(address, parsed.GetValue(Key) ?? Variable("DEEPFAKE_API_KEY"));
            return await command(client);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (DeepfakeApiException e)
        {
            return Fail(e.Message, CodeOf(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(e.Message, ExitCodes.Failed);
        }
    }

    /// <summary>The exit code of a refusal.</summary>
    public static int CodeOf(DeepfakeApiException refusal) => refusal.Status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ExitCodes.Denied,
        null or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => ExitCodes.Unavailable,
        _ => ExitCodes.Failed,
    };

    private static int Fail(string message, int code)
    {
        Terminal.Complain(message);
        return code;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
