using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>What both analysis stores refuse.</summary>
internal static class AnalysisGuards
{
    public static void ThrowIfNoPercent(double percent)
    {
        if (percent is not (>= 0 and <= 100)) throw new ArgumentOutOfRangeException(nameof(percent), percent, "A percentage lies in 0–100.");
    }

    public static void ThrowIfNotFinal(string id, Analysis result)
    {
        if (result.Status is not (AnalysisStatus.Completed or AnalysisStatus.Failed or AnalysisStatus.Cancelled))
            throw new ArgumentException("A final record is completed, failed or cancelled.", nameof(result));
        if (result.Id != id) throw new ArgumentException("The final record belongs to another analysis.", nameof(result));
        ThrowIfNoPercent(result.Progress);
    }

    public static InvalidOperationException Exists(string id) => new($"The analysis '{id}' exists.");
}
