using Deepfake.ForensicsWorker.Calibration;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>One forensic measurement of a medium. Implementations are pure: the same material gives the same answer.</summary>
public interface IForensicSignal
{
    /// <summary>Stable name, snake_case.</summary>
    string Name { get; }

    /// <summary>Used where <c>forensics.json</c> has nothing on this signal. Its weight is 0, however convincing the idea.</summary>
    SignalCalibration Assumed { get; }

    /// <summary>Measures. What is thrown becomes "not applicable: unavailable" and never fails the job.</summary>
    /// <param name="material">The medium.</param>
    /// <param name="calibration">What measuring found out about this signal.</param>
    Measurement Measure(ForensicMaterial material, SignalCalibration calibration);
}
