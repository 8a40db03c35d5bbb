namespace Deepfake.ResultService.Fusion;

/// <summary>Log-odds and back.</summary>
public static class Logit
{
    /// <summary>Log-odds of a probability, held inside ± <paramref name="clamp"/>.</summary>
    public static double Of(double probability, double clamp)
    {
        var low = Probability(-clamp);
        var p = Math.Clamp(probability, low, 1 - low);
        return Math.Log(p / (1 - p));
    }

    /// <summary>Probability of log-odds.</summary>
    public static double Probability(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>Probability of log-odds as records carry it: four decimals, so that equal evidence reads equal.</summary>
    public static double Rounded(double logit) => Math.Round(Probability(logit), 4);
}
