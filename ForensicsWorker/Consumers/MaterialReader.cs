using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Credentials;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Consumers;

/// <summary>Brings together what the signals look at.</summary>
public sealed class MaterialReader(IObjectStore objects)
{
    /// <summary>Headers that matter lie in front; no more of an image is read.</summary>
    private const int HeadBytes = 4 * 1024 * 1024;

    /// <summary>Reads pack, index and head of a medium.</summary>
    /// <exception cref="InvalidDataException">The pack cannot be read.</exception>
    public async Task<ForensicMaterial> ReadAsync(FramesExtracted message, CancellationToken cancellationToken)
    {
        FramePack pack;
        await using (var stream = await objects.OpenAsync(message.FramePackKey, cancellationToken)) pack = await FramePack.ReadAsync(stream, cancellationToken);

        // The headers of films are read by nobody here.
        var head = message.Kind == MediaKind.Video ? ReadOnlyMemory<byte>.Empty : await ReadHeadAsync(message.MediaKey, cancellationToken);
        var credentials = ContentCredentials.Read(message.Format, head);
        return new ForensicMaterial
        {
            Kind = message.Kind,
            Format = message.Format,
            Frames = pack,
            Index = await ReadIndexAsync(message.IndexKey, cancellationToken),
            Head = head,
            Encoding = message.Encoding,
            Credentials = credentials,
            HashCheck = credentials?.Binding is { } binding ? await CheckHashAsync(message.MediaKey, binding, cancellationToken) : CredentialCheck.NotChecked,
        };
    }

    private async Task<CredentialCheck> CheckHashAsync(string key, HashBinding binding, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenAsync(key, cancellationToken);
        return await BoundHash.CheckAsync(stream, binding, cancellationToken);
    }

    /// <summary>Null where it cannot be read: some signals then do not apply.</summary>
    private async Task<FaceIndex?> ReadIndexAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await objects.OpenAsync(key, cancellationToken);
            return await JsonSerializer.DeserializeAsync<FaceIndex>(stream, DeepfakeJson.Options, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or ObjectNotFoundException)
        {
            return null;
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadHeadAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenAsync(key, cancellationToken);
        using var head = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while (head.Length < HeadBytes && (count = await stream.ReadAsync(buffer, cancellationToken)) > 0) head.Write(buffer, 0, count);
        return head.GetBuffer().AsMemory(0, (int)head.Length);
    }
}
