using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake models list|add|enable|disable|weight|remove|reload</c></summary>
internal static class ModelsCommand
{
    public static Command Create(ConnectionOptions connection) => new("models", "Manages the models that score (scope operator).")
    {
        List(connection), Add(connection), Switch(connection, "enable", "Lets a model take part.", true), Switch(connection, "disable", "Takes a model out; nobody misses it.", false),
        Weigh(connection), Remove(connection), Reload(connection),
    };

    private static Command List(ConnectionOptions connection)
    {
        var json = new Option<bool>("--json") { Description = "One model a line." };
        var command = new Command("list", "Lists the models, loaded or not, and what they count.") { json };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client => Print(await client.ListModelsAsync(cancellationToken), parsed.GetValue(json)), cancellationToken));
        return command;
    }

    private static Command Add(ConnectionOptions connection)
    {
        var url = new Option<string>("--url") { Description = "https address of the network (ONNX).", Required = true };
        var hash = new Option<string>("--sha256") { Description = "Its SHA-256, 64 hex digits.", Required = true };
        var manifest = new Option<FileInfo>("--manifest") { Description = "Its model.json.", Required = true };
        var weight = new Option<double?>("--weight") { Description = "What it counts; without it, a model that the fit does not know observes." };
        var command = new Command("add", "Lets the service fetch a network, try it and take it in.") { url, hash, manifest, weight };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            var addition = new ModelAddition
            {
                Manifest = await ReadAsync(parsed.GetValue(manifest)!, cancellationToken),
                Url = Uri.TryCreate(parsed.GetValue(url), UriKind.Absolute, out var address) ? address : throw new IOException($"'{parsed.GetValue(url)}' is no address."),
                Sha256 = parsed.GetValue(hash)!,
                Weight = parsed.GetValue(weight),
            };
            return Print([await client.AddModelAsync(addition, cancellationToken)]);
        }, cancellationToken));
        return command;
    }

    private static Command Switch(ConnectionOptions connection, string verb, string description, bool enabled)
    {
        var name = new Argument<string>("NAME");
        var command = new Command(verb, description) { name };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(
            parsed, async client => Print([await client.ChangeModelAsync(parsed.GetValue(name)!, new ModelSettings(enabled, null), cancellationToken)]), cancellationToken));
        return command;
    }

    private static Command Weigh(ConnectionOptions connection)
    {
        var name = new Argument<string>("NAME");
        var weight = new Argument<double>("WEIGHT") { Description = "0 to 1000; on the model's logit where the fit does not know it, else in place of the manifest's." };
        var command = new Command("weight", "Says what a model counts.") { name, weight };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(
            parsed, async client => Print([await client.ChangeModelAsync(parsed.GetValue(name)!, new ModelSettings(null, parsed.GetValue(weight)), cancellationToken)]), cancellationToken));
        return command;
    }

    private static Command Remove(ConnectionOptions connection)
    {
        var name = new Argument<string>("NAME");
        var yes = Terminal.Yes();
        var command = new Command("remove", "Removes a model with its files; not the last one that scores.") { name, yes };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            if (!parsed.GetValue(yes) && !await Terminal.ConfirmAsync($"Remove the model {parsed.GetValue(name)} with its files?", cancellationToken)) return ExitCodes.Failed;
            await client.RemoveModelAsync(parsed.GetValue(name)!, cancellationToken);
            return ExitCodes.Done;
        }, cancellationToken));
        return command;
    }

    private static Command Reload(ConnectionOptions connection)
    {
        var command = new Command("reload", "Loads the models folder anew.");
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client => Print(await client.ReloadModelsAsync(cancellationToken), json: false), cancellationToken));
        return command;
    }

    private static async Task<JsonElement> ReadAsync(FileInfo manifest, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = manifest.OpenRead();
            return await JsonSerializer.DeserializeAsync<JsonElement>(stream, cancellationToken: cancellationToken);
        }
        catch (JsonException e)
        {
            throw new IOException($"{manifest.Name} is no JSON: {e.Message}", e);
        }
    }

    private static int Print(RegisteredModel.ModelList list, bool json)
    {
        if (list.Error is not null) Terminal.Complain("the decisions about models are not followed: " + list.Error);
        if (!json) return Print(list.Models);
        Terminal.PrintJson(list.Models);
        return ExitCodes.Done;
    }

    private static int Print(IReadOnlyList<RegisteredModel> models)
    {
        Terminal.PrintTable(["Name", "Version", "State", "Counts"], [.. models.Select(Row)]);
        return ExitCodes.Done;
    }

    private static StyledText[] Row(RegisteredModel model) =>
    [
        model.Name,
        model.Version,
        model switch
        {
            { Loaded: true } => new StyledText("on " + model.Provider, Colour.Good),
            { Enabled: false } => new StyledText("disabled", Colour.Doubtful),
            _ => new StyledText("error: " + model.Error, Colour.Bad),
        },
        model switch
        {
            { InFusion: false, GivenWeight: null } => "observes",
            { InFusion: false } => "weight " + Number(model.Weight),
            { InFusion: true, GivenWeight: { } given } => "fitted, weight " + Number(given),
            { InFusion: true } => "fitted",
            _ => "weight " + Number(model.Weight),
        },
    ];

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}
