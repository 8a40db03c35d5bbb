using System.CommandLine;
using System.Globalization;
using Deepfake.Client;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake keys create|list|rotate|revoke</c></summary>
internal static class KeysCommand
{
    public static Command Create(ConnectionOptions connection) => new("keys", "Manages API keys.")
    {
        Make(connection), List(connection), Rotate(connection), Revoke(connection),
    };

    private static Command Make(ConnectionOptions connection)
    {
        var name = new Argument<string>("NAME") { Description = "Whose it is, what for." };
        var scopes = new Option<string[]>("--scope") { Description = "What it may do; several times.", Required = true, AllowMultipleArgumentsPerToken = true };
        var tenant = new Option<string?>("--tenant") { Description = "Owner of what it makes; your own if left out." };
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "When it stops." };
        var command = new Command("create", "Makes a key and prints it, this once.") { name, scopes, tenant, expires };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            var key = await client.CreateKeyAsync(
                new KeyRequest { Name = parsed.GetValue(name)!, Scopes = parsed.GetValue(scopes)!, Tenant = parsed.GetValue(tenant), ExpiresAt = parsed.GetValue(expires) }, cancellationToken);
            return Print(key.Key);
        }, cancellationToken));
        return command;
    }

    private static Command List(ConnectionOptions connection)
    {
        var json = new Option<bool>("--json") { Description = "One key a line." };
        var command = new Command("list", "Lists keys, the revoked ones too.") { json };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            var keys = new List<KeyDescription>();
            await foreach (var key in client.ListKeysAsync(cancellationToken)) keys.Add(key);
            if (parsed.GetValue(json)) Terminal.PrintJson(keys);
            else Terminal.PrintTable(["Id", "Name", "Tenant", "Scopes", "State", "Last used"], [.. keys.Select(Row)]);
            return ExitCodes.Done;
        }, cancellationToken));
        return command;
    }

    private static Command Rotate(ConnectionOptions connection)
    {
        var id = new Argument<string>("ID");
        var now = new Option<bool>("--now") { Description = "The former secret stops at once, because it leaked." };
        var command = new Command("rotate", "Gives a key a new secret and prints it, this once.") { id, now };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(
            parsed, async client => Print((await client.RotateKeyAsync(parsed.GetValue(id)!, parsed.GetValue(now) ? TimeSpan.Zero : null, cancellationToken)).Key), cancellationToken));
        return command;
    }

    private static Command Revoke(ConnectionOptions connection)
    {
        var id = new Argument<string>("ID");
        var yes = Terminal.Yes();
        var command = new Command("revoke", "Ends a key.") { id, yes };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            if (!parsed.GetValue(yes) && !await Terminal.ConfirmAsync($"Revoke the key {parsed.GetValue(id)} for good?", cancellationToken)) return ExitCodes.Failed;
            await client.RevokeKeyAsync(parsed.GetValue(id)!, cancellationToken);
            return ExitCodes.Done;
        }, cancellationToken));
        return command;
    }

    private static int Print(string key)
    {
        Console.Out.WriteLine(key);
        return ExitCodes.Done;
    }

    private static StyledText[] Row(KeyDescription key) =>
    [
        key.Id,
        key.Name,
        key.Tenant,
        string.Join(',', key.Scopes),
        key.RevokedAt is not null ? new StyledText("revoked", Colour.Bad) : key.ExpiresAt is { } end ? "until " + Day(end) : "",
        key.LastUsedAt is { } used ? "used " + Day(used) : "unused",
    ];

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
