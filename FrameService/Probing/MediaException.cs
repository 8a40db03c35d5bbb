namespace Deepfake.FrameService.Probing;

/// <summary>The medium itself is why the analysis cannot go on; trying again would not help.</summary>
/// <param name="code">One of <see cref="Contracts.ErrorCodes"/>.</param>
/// <param name="detail">One plain sentence for a person, without paths.</param>
/// <param name="cause">What led to it.</param>
public sealed class MediaException(string code, string detail, Exception? cause = null) : Exception(detail, cause)
{
    /// <summary>One of <see cref="Contracts.ErrorCodes"/>.</summary>
    public string Code { get; } = code;
}
