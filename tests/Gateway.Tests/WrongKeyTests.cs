using System.Net;
using System.Net.Http.Json;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.Gateway.RateLimiting;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.Gateway.Tests;

public sealed class WrongKeyTests
{
    private static readonly (string, string)[] Tight = [("Limits:WrongKeysPerMinute", "0.06"), ("Limits:WrongKeysAtOnce", "25")];

    [Fact]
    public async Task Exactly_so_many_guesses_of_an_address_are_answered_and_who_holds_a_key_notices_nothing()
    {
        await using var host = await IdentityHost.StartAsync(Tight);
        var (key, _) = await host.NewKeyAsync("acme", [Scopes.Read]);
        var (holder, guesser) = (host.Client(key), host.Client());

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            if (i % 2 == 1) return (Held: true, Answer: await holder.GetAsync("/v1/analyses"));
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/analyses");
            // Mistyped ones count like unknown ones: whoever guesses gets no hint for free.
            request.Headers.Add("X-Api-Key", i % 4 == 0 ? "dfk_nonsense" : ApiKeyText.Create().Reveal());
            return (Held: false, Answer: await guesser.SendAsync(request));
        }));

        Assert.All(answers.Where(answer => answer.Held), answer => Assert.Equal(HttpStatusCode.OK, answer.Answer.StatusCode));
        var guesses = answers.Where(answer => !answer.Held).Select(answer => answer.Answer).ToList();
        Assert.Equal(25, guesses.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(25, guesses.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        var refused = guesses.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        await ProblemAssert.IsAsync(refused, 429, ErrorCodes.RateLimited);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 900, 1000);
    }

    [Fact]
    public async Task Keys_that_are_exchanged_for_sessions_are_guesses_too()
    {
        await using var host = await IdentityHost.StartAsync(Tight);
        var client = host.Client();

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.PostAsJsonAsync("/v1/session", new { key = ApiKeyText.Create().Reveal() })));

        Assert.Equal(25, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(15, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        using var held = await client.PostAsJsonAsync("/v1/session", new { key = host.OperatorKey });
        Assert.Equal(HttpStatusCode.OK, held.StatusCode);
    }

    [Fact]
    public async Task What_needs_no_key_answers_whatever_key_comes_with_it()
    {
        await using var host = await IdentityHost.StartAsync(("Limits:WrongKeysPerMinute", "0.06"), ("Limits:WrongKeysAtOnce", "1"));
        var client = host.Client(ApiKeyText.Create().Reveal());

        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/openapi.json")).StatusCode);
    }

    [Theory]
    [InlineData("ForwardedHeaders_Enabled", "true")]
    [InlineData("Gateway:KnownProxies", "198.51.100.0/24, 127.0.0.0/8, ::1/128")]
    public async Task Behind_a_balancer_that_is_believed_each_client_counts_alone_and_none_passes_for_local(string setting, string value)
    {
        await using var host = await IdentityHost.StartAsync([.. Tight, ("Limits:WrongKeysAtOnce", "1"), (setting, value), ("Identity:AllowLocal", "true")]);
        var client = host.Client();

        Assert.Equal((401, 429, 401), (await GuessAsync(client, "203.0.113.7"), await GuessAsync(client, "203.0.113.7"), await GuessAsync(client, "203.0.113.8")));
        Assert.Equal(401, await GuessAsync(client, "127.0.0.1", key: null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("198.51.100.0/24")]
    public async Task Who_is_no_known_proxy_cannot_say_to_be_many_clients(string known)
    {
        await using var host = await IdentityHost.StartAsync([.. Tight, ("Limits:WrongKeysAtOnce", "1"), ("Gateway:KnownProxies", known)]);
        var client = host.Client();

        Assert.Equal((401, 429, 429), (await GuessAsync(client, "203.0.113.7"), await GuessAsync(client, "203.0.113.8"), await GuessAsync(client, "203.0.113.9")));
    }

    [Fact]
    public async Task Behind_known_proxies_the_client_is_whom_the_outermost_of_them_names()
    {
        await using var host = await IdentityHost.StartAsync([.. Tight, ("Limits:WrongKeysAtOnce", "1"), ("Gateway:KnownProxies", "198.51.100.0/24,127.0.0.0/8,::1/128")]);
        var client = host.Client();

        // What stands before the client's own address the client wrote itself.
        Assert.Equal(401, await GuessAsync(client, "192.0.2.1, 203.0.113.7, 198.51.100.4"));
        Assert.Equal(429, await GuessAsync(client, "192.0.2.2, 203.0.113.7, 198.51.100.5"));
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7", true)]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7", true)]
    [InlineData("203.0.113.7", "203.0.113.8", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void Addresses_of_one_line_count_together(string one, string other, bool together) =>
        Assert.Equal(together, WrongKeys.Network(IPAddress.Parse(one)) == WrongKeys.Network(IPAddress.Parse(other)));

    private static async Task<int> GuessAsync(HttpClient client, string from, string? key = "dfk_nonsense")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/analyses") { Headers = { { "X-Forwarded-For", from } } };
        if (key is not null) request.Headers.Add("X-Api-Key", key);
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }
}
