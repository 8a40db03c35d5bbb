using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using StandardWebhooks;

namespace Deepfake.Client.Tests;

public sealed class WebhookVerifierTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public void A_notice_is_read_when_any_of_its_signatures_fits()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"type":"analysis.completed","timestamp":"2026-01-01T00:00:09Z","data":{{Answers.Completed}}}""");
        var notice = Verifier(1000).Verify("msg_an_1", "1000", "v1,AAAA " + Sign("msg_an_1", 1000, body) + " v1a,BBBB", body);
        Assert.Equal(("msg_an_1", "analysis.completed", "an_1"), (notice.Id, notice.Type, notice.Analysis?.Id));

        var test = """{"type":"webhook.test","timestamp":"2026-01-01T00:00:09Z","data":{"message":"It works."}}"""u8.ToArray();
        Assert.Null(Verifier(1000).Verify("msg_1", "1000", Sign("msg_1", 1000, test), test).Analysis);
    }

    /// <summary>The library that signs in the service; two signatures, as during a rotation.</summary>
    [Fact]
    public void What_the_library_signs_is_believed_by_the_new_secret_and_by_the_old()
    {
        const string Old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        var body = """{"type":"webhook.test","timestamp":"2026-01-01T00:00:09Z","data":{"message":"It works. Ünïcödé"}}""";
        var signatures = string.Join(' ', new[] { Secret, Old }.Select(secret => new StandardWebhook(secret).Sign("msg_1", DateTimeOffset.FromUnixTimeSeconds(1000), body)));

        Assert.Equal("webhook.test", Verifier(1000).Verify("msg_1", "1000", signatures, Encoding.UTF8.GetBytes(body)).Type);
        Assert.Equal("webhook.test", new WebhookVerifier(Old, new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1000))).Verify("msg_1", "1000", signatures, Encoding.UTF8.GetBytes(body)).Type);
    }

    /// <summary>The reference vector of the Standard Webhooks libraries. Its body is no notice of ours, which shows after the signature only.</summary>
    [Fact]
    public void The_published_vector_is_met()
    {
        var body = """{"test": 2432232314}"""u8.ToArray();
        var failure = Assert.Throws<WebhookVerificationException>(() =>
            Verifier(1614265330).Verify("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", body));
        Assert.Equal("The body is not one of a notice.", failure.Message);
    }

    [Theory]
    [InlineData("msg_2", "1000", "{}", 1000, "No signature fits.")]
    [InlineData("msg_1", "1001", "{}", 1000, "No signature fits.")]
    [InlineData("msg_1", "1000", "{ }", 1000, "No signature fits.")]
    [InlineData("msg_1", "1000", "{}", 1301, "The timestamp is more than five minutes off.")]
    [InlineData("msg_1", "1000", "{}", 699, "The timestamp is more than five minutes off.")]
    [InlineData("msg_1", "-1000", "{}", 1000, "The timestamp is more than five minutes off.")]
    [InlineData("msg_1", "9223372036854775807", "{}", 1000, "The timestamp is more than five minutes off.")]
    [InlineData("msg_1", "soon", "{}", 1000, "The timestamp is more than five minutes off.")]
    [InlineData(null, "1000", "{}", 1000, "A header is missing.")]
    [InlineData("msg_1", null, "{}", 1000, "A header is missing.")]
    public void What_was_changed_on_the_way_is_not_believed(string? id, string? timestamp, string body, long now, string expected)
    {
        var signature = Sign("msg_1", 1000, "{}"u8.ToArray());
        Assert.Equal(expected, Assert.Throws<WebhookVerificationException>(() => Verifier(now).Verify(id, timestamp, signature, Encoding.UTF8.GetBytes(body))).Message);
    }

    [Theory]
    [InlineData("hunter2")]
    [InlineData("whsec_not base64")]
    public void Something_that_is_no_secret_is_refused(string secret) => Assert.Throws<FormatException>(() => new WebhookVerifier(secret));

    private static string Sign(string id, long timestamp, byte[] body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Secret[6..]), (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body]));

    private static WebhookVerifier Verifier(long now) => new(Secret, new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(now)));
}
