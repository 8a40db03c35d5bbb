namespace Deepfake.Infrastructure.Limits;

/// <summary>Limits of an embedded host, which has no other gateway beside it. A restart forgets them.</summary>
internal sealed class LocalLimiter(TimeProvider time) : ILimiter
{
    // Buckets that are full and days that are over are dropped when this many are known.
    private const int Tidy = 10_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _buckets = [];
    private readonly Dictionary<string, (long Day, long Used)> _days = [];

    public Task<LimitDecision> TakeAsync(IReadOnlyList<LimitClaim> claims, CancellationToken cancellationToken)
    {
        var now = Now();
        lock (_gate)
        {
            DropOld(now);
            var waits = claims.Select(claim => Wait(claim, now)).ToArray();
            var granted = Array.TrueForAll(waits, wait => wait == 0);
            if (granted)
            {
                foreach (var claim in claims) Take(claim, now);
            }

            return Task.FromResult(new LimitDecision(granted, [.. claims.Select((claim, i) => State(claim, now, waits[i]))]));
        }
    }

    public Task CorrectAsync(string name, long amount, CancellationToken cancellationToken)
    {
        var now = Now();
        lock (_gate) _days[name] = (now / LimitArithmetic.Day, Math.Max(0, Used(name, now) + amount));
        return Task.CompletedTask;
    }

    private long Now() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private long Used(string name, long now) => _days.GetValueOrDefault(name) is var (day, used) && day == now / LimitArithmetic.Day ? used : 0;

    private long Wait(LimitClaim claim, long now) => claim.Kind == LimitKind.Rate
        ? LimitArithmetic.Rate(claim, _buckets.GetValueOrDefault(claim.Name), now).Wait
        : Used(claim.Name, now) + claim.Amount > claim.Limit ? LimitArithmetic.Rest(now) : 0;

    private void Take(LimitClaim claim, long now)
    {
        if (claim.Kind == LimitKind.Rate) _buckets[claim.Name] = LimitArithmetic.Rate(claim, _buckets.GetValueOrDefault(claim.Name), now).FullAt;
        else _days[claim.Name] = (now / LimitArithmetic.Day, Used(claim.Name, now) + claim.Amount);
    }

    private LimitState State(LimitClaim claim, long now, long wait) => claim.Kind == LimitKind.Rate
        ? LimitArithmetic.RateState(claim, _buckets.GetValueOrDefault(claim.Name), now, wait)
        : LimitArithmetic.State(claim.Limit - Used(claim.Name, now), LimitArithmetic.Rest(now), wait);

    private void DropOld(long now)
    {
        if (_buckets.Count + _days.Count < Tidy) return;
        foreach (var (name, _) in _buckets.Where(bucket => bucket.Value <= now).ToList()) _buckets.Remove(name);
        foreach (var (name, _) in _days.Where(day => day.Value.Day != now / LimitArithmetic.Day).ToList()) _days.Remove(name);
    }
}
