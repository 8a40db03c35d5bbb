using System.Text;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Time.Testing;

namespace Deepfake.Gateway.Tests;

public sealed class CallerTokenTests
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private static readonly Caller Somebody = new("acme", "0123456789AB", new HashSet<string> { Scopes.Read, Scopes.Webhooks }) { KeyConcurrency = 2, TenantConcurrency = 5 };

    [Fact]
    public void A_caller_reads_back_whole()
    {
        var token = new CallerToken(Secret, TimeProvider.System);

        var read = token.Read(token.Write(Somebody))!;

        Assert.Equal(Somebody with { Scopes = read.Scopes }, read);
        Assert.Equal(Somebody.Scopes.Order(), read.Scopes.Order());
    }

    [Fact]
    public void Every_changed_bit_breaks_it()
    {
        var token = new CallerToken(Secret, TimeProvider.System);
        var value = token.Write(Somebody);

        for (var i = 0; i < value.Length - 1; i++)
        {
            var changed = new StringBuilder(value) { [i] = value[i] == 'A' ? 'B' : 'A' }.ToString();
            Assert.Null(token.Read(changed));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("e30.")]
    [InlineData("e30")]
    [InlineData("..")]
    [InlineData("a.b.c")]
    [InlineData("ä.ö")]
    [InlineData("=.=")]
    public void What_is_no_token_names_nobody(string value) => Assert.Null(new CallerToken(Secret, TimeProvider.System).Read(value));

    [Fact]
    public void It_holds_under_its_own_secret_and_for_two_minutes()
    {
        var clock = new FakeTimeProvider();
        var token = new CallerToken(Secret, clock);
        var value = token.Write(Somebody);

        Assert.Null(new CallerToken(Secret + "x", clock).Read(value));
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.NotNull(token.Read(value));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(token.Read(value));
    }
}
