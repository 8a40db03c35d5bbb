using Deepfake.Gateway.Identity;

namespace Deepfake.Gateway.Tests;

public sealed class KeyTextTests
{
    // The checksum is zlib.crc32 of Python over all before it, to the base 62.
    private const string Known = "dfk_0123456789AB_abcdefghijklmnopqrstuvwxyz0123450wxZt6";

    [Fact]
    public void A_known_key_is_read_and_written()
    {
        Assert.True(ApiKeyText.TryParse(Known, out var key));

        Assert.Equal(("0123456789AB", "abcdefghijklmnopqrstuvwxyz012345"), (key.Id, key.Secret));
        Assert.Equal(Known, key.Reveal());
        Assert.Equal("653bb1245e828fcda4fa53fcd5a3def5bd7654e651f54b4132b73d74e64435c4", Convert.ToHexStringLower(key.Hash()));
        Assert.DoesNotContain(key.Secret, key.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_single_mistyped_or_swapped_character_is_found()
    {
        for (var i = 0; i < Known.Length; i++)
        {
            foreach (var other in "aZ9_-") if (other != Known[i]) Assert.False(ApiKeyText.TryParse(Known[..i] + other + Known[(i + 1)..], out _));
            if (i > 0 && Known[i] != Known[i - 1]) Assert.False(ApiKeyText.TryParse(Known[..(i - 1)] + Known[i] + Known[i - 1] + Known[(i + 1)..], out _));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("dfk_")]
    [InlineData(Known + "0")]
    [InlineData(" " + Known)]
    [InlineData("DFK_0123456789AB_abcdefghijklmnopqrstuvwxyz0123450wxZt6")]
    [InlineData("dfk_0123456789Äß_abcdefghijklmnopqrstuvwxyz0123450wxZt6")]
    public void What_is_no_key_is_not_read(string? text) => Assert.False(ApiKeyText.TryParse(text, out _));

    [Fact]
    public void New_keys_differ_and_are_read_back()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => ApiKeyText.Create().Reveal()).ToList();

        Assert.Equal(1000, keys.Distinct().Count());
        Assert.All(keys, text => Assert.True(ApiKeyText.TryParse(text, out var key) && ApiKeyText.IsId(key.Id) && key.Reveal() == text));
        Assert.All(keys, text => Assert.Matches("^dfk_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$", text));
    }
}
