using System.Diagnostics;
using System.Text.Json;
using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

/// <summary>Notices as the official library of Standard Webhooks sees them: the npm package, as published, in Node.</summary>
public sealed class OfficialLibraryTests
{
    private const string Verifier = """
        const { Webhook } = require("standardwebhooks");
        const { notices } = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log(JSON.stringify(notices.map(({ secret, headers, body }) => {
          try { return new Webhook(secret).verify(body, headers).type; } catch (e) { return e.message; }
        })));
        """;

    [Fact]
    public async Task The_official_library_takes_what_we_send_and_refuses_what_was_changed_on_the_way()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync();
        var added = await host.AddAsync(receiver.Url);
        var secret = added.GetProperty("secret").GetString()!;
        await host.EndOneAsync();
        await Eventually.TrueAsync(() => receiver.Notices.Count == 1, "the notice comes");
        var notice = receiver.Notices.Single();
        var old = (long.Parse(notice.Timestamp) - 301).ToString();

        var answers = await VerifyAsync(
            (secret, notice),
            (secret, notice with { Body = notice.Body.Replace("media_corrupt", "media_correct", StringComparison.Ordinal) }),
            (secret, notice with { Body = notice.Body + " " }),
            (secret, notice with { Id = notice.Id + "x" }),
            (secret, notice with { Timestamp = old }),
            (secret, notice with { Timestamp = (long.Parse(notice.Timestamp) + 1).ToString() }),
            (secret, notice with { Signature = notice.Signature.Replace("v1,", "v2,", StringComparison.Ordinal) }),
            (WebhookSignature.NewSecret(), notice));
        const string No = "No matching signature found";
        Assert.Equal(["analysis.failed", No, No, No, "Message timestamp too old", No, No, No], answers);
    }

    [Fact]
    public async Task While_a_secret_is_rotated_the_official_library_takes_the_notice_with_either()
    {
        await using var receiver = await Receiver.StartAsync(_ => 200);
        await using var host = await WebhookHost.StartAsync(("Webhooks:RotationOverlap", "1.00:00:00"));
        var added = await host.AddAsync(receiver.Url);
        var (id, first) = (added.GetProperty("id").GetString()!, added.GetProperty("secret").GetString()!);
        var rotated = await host.PostAsync($"/v1/webhooks/{id}/rotate");
        var second = rotated.GetProperty("secret").GetString()!;
        Assert.NotEqual(first, second);
        Assert.InRange(rotated.GetProperty("previous_secret_expires_at").GetDateTimeOffset() - host.Clock.GetUtcNow(), TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));

        await host.PostAsync($"/v1/webhooks/{id}/test");
        var during = receiver.Notices.Last();
        Assert.Equal(2, during.Signature.Split(' ').Length);
        Assert.Equal(["webhook.test", "webhook.test"], await VerifyAsync((first, during), (second, during)));

        host.Clock.Advance(TimeSpan.FromHours(24));
        await host.PostAsync($"/v1/webhooks/{id}/test");
        var after = receiver.Notices.Last();
        Assert.Single(after.Signature.Split(' '));
        Assert.Equal(["No matching signature found", "webhook.test"], await VerifyAsync(TimeSpan.FromHours(24), (first, after), (second, after)));
    }

    private static Task<string[]> VerifyAsync(params (string Secret, Received Notice)[] notices) => VerifyAsync(TimeSpan.Zero, notices);

    private static async Task<string[]> VerifyAsync(TimeSpan later, params (string Secret, Received Notice)[] notices)
    {
        // The library takes the time from the clock: put it forward as ours was.
        var script = $"const now = Date.now; Date.now = () => now() + {(long)later.TotalMilliseconds};\n{Verifier}";
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NODE_PATH"] = Path.Combine(Repository.Root, ".deps", "npm") },
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        var errors = node.StandardError.ReadToEndAsync();
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(new
        {
            notices = notices.Select(entry => new
            {
                secret = entry.Secret,
                body = entry.Notice.Body,
                headers = new Dictionary<string, string>
                {
                    ["webhook-id"] = entry.Notice.Id,
                    ["webhook-timestamp"] = entry.Notice.Timestamp,
                    ["webhook-signature"] = entry.Notice.Signature,
                },
            }),
        }));
        node.StandardInput.Close();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<string[]>(await output)!;
    }
}
