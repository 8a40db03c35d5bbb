namespace Deepfake.Infrastructure.Objects;

/// <summary>Lets clients put an object into the store themselves. A store without an address of its own has none.</summary>
public interface IDirectPut
{
    /// <summary>An address that takes one object, without further permission, until it expires.</summary>
    /// <param name="key">Where the object will be.</param>
    /// <param name="length">Bytes it has to have: others are refused.</param>
    /// <param name="validFor">How long, at most 7 days.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<Uri> SignAsync(string key, long length, TimeSpan validFor, CancellationToken cancellationToken);
}
