namespace Deepfake.ResultService.Webhooks;

/// <summary>
/// How the attempts of this process are shared out: a tenant may use all that nobody else needs, but while half of the places are taken no
/// more than a quarter. Names of receivers are the tenants' to invent, so a limit for each receiver alone would hold nobody back.
/// </summary>
/// <param name="places">Attempts at once, all tenants together.</param>
public sealed class TenantShares(int places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _taken = [];
    private int _total;

    /// <summary>Takes a place.</summary>
    /// <returns>False if the tenant has its share; else <see cref="Leave"/> is to be called when the place is free again.</returns>
    public bool TryEnter(string tenant)
    {
        lock (_gate)
        {
            var mine = _taken.GetValueOrDefault(tenant);
            if (mine >= Math.Max(1, places / 4) && _total >= Math.Max(1, places / 2)) return false;
            _taken[tenant] = mine + 1;
            _total++;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(string tenant)
    {
        lock (_gate)
        {
            _total--;
            if (--_taken[tenant] == 0) _taken.Remove(tenant);
        }
    }
}
