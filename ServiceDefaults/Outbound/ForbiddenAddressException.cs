namespace Deepfake.ServiceDefaults.Outbound;

/// <summary>An address that must not be called; inside the <see cref="HttpRequestException"/> of the request.</summary>
public sealed class ForbiddenAddressException() : IOException("The address is not public.")
{
    /// <summary>Whether a request failed because its address must not be called.</summary>
    public static bool Caused(Exception exception) => exception is ForbiddenAddressException || exception.InnerException is { } inner && Caused(inner);
}
