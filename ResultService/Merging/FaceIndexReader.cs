using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;

namespace Deepfake.ResultService.Merging;

/// <summary>Reads face indexes from the object store.</summary>
internal static class FaceIndexReader
{
    /// <exception cref="ObjectNotFoundException">No such key.</exception>
    /// <exception cref="InvalidDataException">Not a face index.</exception>
    public static async Task<FaceIndex> ReadAsync(this IObjectStore objects, string key, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenAsync(key, cancellationToken);
        try
        {
            return await JsonSerializer.DeserializeAsync<FaceIndex>(stream, DeepfakeJson.Options, cancellationToken)
                ?? throw new InvalidDataException("The face index is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("The face index cannot be read.", e);
        }
    }
}
