using System.Globalization;
using Deepfake.Contracts;

namespace Deepfake.ResultService.Evidence;

/// <summary>Says in plain words what forensic signals saw, where, and what that is worth.</summary>
internal static class SignalFindings
{
    /// <summary>Signals from here on are unusual enough to be told: of authentic media one in a hundred looks like that.</summary>
    private const double Unusual = 0.9;

    /// <summary>
    /// One finding per signal that stands out and is worth telling: it has weight, or told fakes from originals better than chance where it was
    /// measured, or was never met there. What was no better than chance stays in the table of signals.
    /// </summary>
    /// <param name="signals">All of them.</param>
    /// <param name="kind">Of the medium: an image has no times.</param>
    /// <param name="faces">How many there are: a single one needs no number.</param>
    public static IEnumerable<Finding> Of(IEnumerable<Signal> signals, MediaKind kind, int faces) =>
        from signal in signals
        where signal is { Applicable: true, Score: >= Unusual } && (signal.Weight > 0 || signal.Auc is null or { Low: > 0.5 } || WasNeverMet(signal.Auc))
        let place = signal.Places.Count > 0 ? signal.Places[0] : null
        select new Finding
        {
            Code = signal.Name,
            Kind = signal.Weight > 0 ? FindingKind.Evidence : FindingKind.Observation,
            Strength = signal.Score!.Value,
            TrackId = place?.TrackId,
            StartSeconds = kind == MediaKind.Image ? null : place?.StartSeconds,
            EndSeconds = kind == MediaKind.Image ? null : place?.EndSeconds,
            Value = signal.Score,
            Text = string.Join(' ', new[] { signal.Reason, Where(place, kind, faces), Worth(signal) }.Where(part => part.Length > 0)),
        };

    private static string Where(SignalPlace? place, MediaKind kind, int faces)
    {
        if (place is null) return "";
        var face = place.TrackId is { } track && faces > 1 ? $"face {track}" : "";
        var time = kind == MediaKind.Image ? "" : ReportText.Place(place.StartSeconds, place.EndSeconds);
        var where = string.Join(", ", new[] { face, time }.Where(part => part.Length > 0));
        return where.Length > 0 ? $"Strongest: {where}." : "";
    }

    // All media alike: the interval has no width. Such a signal is not refuted by a measurement, it is without one.
    private static bool WasNeverMet(MeasuredAuc measured) => measured is { Low: 0.5, High: 0.5 };

    private static string Worth(Signal signal) => signal switch
    {
        { Weight: > 0 } => "",
        { Auc.Low: > 0.5 } => string.Create(CultureInfo.InvariantCulture, $"In our test material this told fakes from originals only weakly (AUC {signal.Auc.Value:0.00}): it is shown, not counted."),
        _ => "Our test material says nothing about what this is worth: it is shown, not counted.",
    };
}
