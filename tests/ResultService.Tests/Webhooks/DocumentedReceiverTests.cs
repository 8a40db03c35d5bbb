using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Deepfake.ResultService.Tests.Webhooks;

/// <summary>The receivers of docs/webhooks.md, run as they stand there.</summary>
public sealed class DocumentedReceiverTests
{
    [Theory]
    [InlineData("js", "node", "-e")]
    [InlineData("python", "/usr/bin/python3", "-c")]
    public async Task A_receiver_of_the_documentation_takes_what_is_signed_and_nothing_else(string language, string command, string flag)
    {
        var port = FreePort();
        await using var host = await WebhookHost.StartAsync();
        var added = await host.AddAsync($"http://127.0.0.1:{port}/hook");
        var id = added.GetProperty("id").GetString()!;
        var start = new ProcessStartInfo(command, [flag, Sample(language)]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["WEBHOOK_SECRET"] = added.GetProperty("secret").GetString();
        start.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["NODE_PATH"] = Path.Combine(Repository.Root, ".deps", "npm");
        using var receiver = Process.Start(start)!;
        try
        {
            await Eventually.TrueAsync(async () => receiver.HasExited || await ListensAsync(port), "the receiver listens");
            Assert.False(receiver.HasExited, "the receiver runs");
            Assert.Equal("delivered", (await host.PostAsync($"/v1/webhooks/{id}/test")).GetProperty("status").GetString());
            Assert.StartsWith("webhook.test", await receiver.StandardOutput.ReadLineAsync(), StringComparison.Ordinal);

            await host.PostAsync($"/v1/webhooks/{id}/rotate");
            Assert.Equal("delivered", (await host.PostAsync($"/v1/webhooks/{id}/test")).GetProperty("status").GetString());
            host.Clock.Advance(TimeSpan.FromHours(24));
            var refused = await host.PostAsync($"/v1/webhooks/{id}/test");
            Assert.Equal(401, refused.GetProperty("attempts")[0].GetProperty("status_code").GetInt32());
        }
        finally
        {
            receiver.Kill(entireProcessTree: true);
            await receiver.WaitForExitAsync();
        }
    }

    private static string Sample(string language)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "webhooks.md"));
        var begin = text.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return text[begin..text.IndexOf("\n```", begin, StringComparison.Ordinal)];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
