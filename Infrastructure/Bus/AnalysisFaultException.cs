namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// The input itself is at fault, so trying again cannot help. Thrown in a consumer it ends the analysis as failed with a code, and the
/// message is acknowledged.
/// </summary>
/// <param name="code">Stable code, one of <see cref="Contracts.ErrorCodes"/>.</param>
/// <param name="detail">One plain sentence for the person who uploaded; no paths, no internals.</param>
/// <param name="innerException">What showed it, for the logs.</param>
public sealed class AnalysisFaultException(string code, string detail, Exception? innerException = null) : Exception(detail, innerException)
{
    /// <summary>Stable code, one of <see cref="Contracts.ErrorCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>This one: the bus takes a fault with a cancellation at its base for a cancelled consumer, and would try the input again.</summary>
    public override Exception GetBaseException() => this;
}
