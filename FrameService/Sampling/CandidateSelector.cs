namespace Deepfake.FrameService.Sampling;

/// <summary>What the choice between candidates looks at.</summary>
/// <param name="Seconds">Media time.</param>
/// <param name="IsBlack">As good as black.</param>
/// <param name="AfterCut">First candidate after a change of scene.</param>
public readonly record struct CandidateFeatures(double Seconds, bool IsBlack, bool AfterCut);

/// <summary>
/// Takes one candidate a stratum as they stream by: the first after a change of scene before the one nearest the middle, a black one
/// only where there is no other. Holds one candidate at a time.
/// </summary>
/// <typeparam name="T">The candidate itself.</typeparam>
/// <param name="strata">The strata, ascending and adjoining.</param>
public sealed class CandidateSelector<T>(IReadOnlyList<Stratum> strata)
    where T : class
{
    private int _stratum = -1;
    private double _merit;
    private T? _best;

    /// <summary>Offers the next candidate, in order of time.</summary>
    /// <param name="candidate">The candidate.</param>
    /// <param name="features">What is known of it.</param>
    /// <param name="loser">The one that is out, this or an earlier one; null when none is.</param>
    /// <returns>The winner of the stratum before, once it is certain; else null.</returns>
    public T? Offer(T candidate, CandidateFeatures features, out T? loser)
    {
        var stratum = StratumOf(features.Seconds);
        var merit = Merit(features, strata[stratum]);
        if (stratum != _stratum)
        {
            var winner = _best;
            (_stratum, _best, _merit, loser) = (stratum, candidate, merit, null);
            return winner;
        }

        if (merit > _merit)
        {
            loser = _best;
            (_best, _merit) = (candidate, merit);
        }
        else
        {
            loser = candidate;
        }

        return null;
    }

    /// <summary>The winner of the last stratum; null when nothing was offered.</summary>
    public T? Finish()
    {
        var winner = _best;
        (_best, _stratum) = (null, -1);
        return winner;
    }

    private int StratumOf(double seconds)
    {
        var stratum = Math.Max(_stratum, 0);
        while (stratum < strata.Count - 1 && seconds >= strata[stratum].End) stratum++;
        return stratum;
    }

    private static double Merit(CandidateFeatures features, Stratum stratum)
    {
        var width = Math.Max(stratum.End - stratum.Start, 1e-9);
        var central = 1 - Math.Min(1, Math.Abs(features.Seconds - stratum.Middle) / width);
        return central + (features.AfterCut ? 2 : 0) - (features.IsBlack ? 10 : 0);
    }
}
