using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class TenantSharesTests
{
    [Fact]
    public void However_much_one_tenant_wants_others_find_room()
    {
        var shares = new TenantShares(16);
        Assert.Equal(8, Enumerable.Range(0, 100).Count(_ => shares.TryEnter("many")));
        Assert.Equal(4, Enumerable.Range(0, 100).Count(_ => shares.TryEnter("other")));
        Assert.True(shares.TryEnter("third"));
    }

    [Fact]
    public void A_place_that_was_given_back_is_free()
    {
        var shares = new TenantShares(1);
        Assert.Equal([true, false, true], [shares.TryEnter("a"), shares.TryEnter("a"), shares.TryEnter("b")]);
        shares.Leave("a");
        shares.Leave("b");
        Assert.Equal([true, false], [shares.TryEnter("a"), shares.TryEnter("a")]);
    }
}
