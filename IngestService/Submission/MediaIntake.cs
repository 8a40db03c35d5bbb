using System.Buffers;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Sniffing;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary>Takes one file in: looks at its head, and if it is welcome, streams it to the object store.</summary>
internal sealed partial class MediaIntake(IObjectStore objects, IOptions<IngestOptions> options, ILogger<MediaIntake> logger)
{
    private static readonly TimeSpan DiscardTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Stores a file. When the task fails, nothing is left under the key.</summary>
    /// <exception cref="SubmissionRejectedException">Empty, not an accepted format, too large, or the store is out of reach.</exception>
    public async Task<StoredMedia> StoreAsync(string key, Stream body, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MediaSniffer.HeadLength);
        try
        {
            var read = await body.ReadAtLeastAsync(buffer.AsMemory(0, MediaSniffer.HeadLength), MediaSniffer.HeadLength, throwOnEndOfStream: false, cancellationToken);
            var head = buffer.AsMemory(0, read);
            var format = Admit(head.Span);
            await using var upload = new UploadStream(head, body, options.Value.MaxBytes);
            await PutAsync(key, upload, MediaTypes.Of(format), cancellationToken);
            return new StoredMedia(key, format, upload.Count, upload.Sha256());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Looks at a file that is stored already: its head, its length, its hash.</summary>
    /// <exception cref="SubmissionRejectedException">Not an accepted format, not of the length, or the store is out of reach. The file stays.</exception>
    public async Task<StoredMedia> InspectAsync(string key, long length, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MediaSniffer.HeadLength);
        try
        {
            await using var body = await objects.OpenAsync(key, cancellationToken);
            var read = await body.ReadAtLeastAsync(buffer.AsMemory(0, MediaSniffer.HeadLength), MediaSniffer.HeadLength, throwOnEndOfStream: false, cancellationToken);
            var format = Admit(buffer.AsSpan(0, read));
            await using var whole = new UploadStream(buffer.AsMemory(0, read), body, options.Value.MaxBytes);
            await whole.CopyToAsync(Stream.Null, MediaSniffer.HeadLength, cancellationToken);
            if (whole.Count != length) throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, $"The file has {whole.Count} bytes; {length} were announced.");
            return new StoredMedia(key, format, whole.Count, whole.Sha256());
        }
        catch (Exception e) when (e is not SubmissionRejectedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Log.StoreFailed(logger, e);
            throw new SubmissionRejectedException(ErrorCodes.Unavailable, "The file could not be read back; try again shortly.", e) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a file without keeping it.</summary>
    /// <returns>SHA-256, lower-case hex.</returns>
    /// <exception cref="SubmissionRejectedException">It is too large.</exception>
    public async Task<string> HashAsync(Stream body, CancellationToken cancellationToken)
    {
        await using var upload = new UploadStream(ReadOnlyMemory<byte>.Empty, body, options.Value.MaxBytes);
        await upload.CopyToAsync(Stream.Null, MediaSniffer.HeadLength, cancellationToken);
        return upload.Sha256();
    }

    /// <summary>Removes a stored file whose submission failed later. Does not throw.</summary>
    public async Task DiscardAsync(string key)
    {
        using var timeout = new CancellationTokenSource(DiscardTimeout);
        try
        {
            await objects.DeleteAsync(key, timeout.Token);
        }
        catch (Exception e)
        {
            Log.OrphanLeft(logger, key, e);
        }
    }

    private MediaFormat Admit(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty) throw new SubmissionRejectedException(ErrorCodes.EmptyBody, "The file is empty.");
        var sniffed = MediaSniffer.Sniff(head);
        if (sniffed.IsPlaylist) throw new SubmissionRejectedException(ErrorCodes.PlaylistRejected, "The file lists other files instead of holding pictures.");
        if (sniffed.Format is not { } format)
            throw new SubmissionRejectedException(ErrorCodes.UnsupportedMedia, $"The content is none of the accepted formats: {MediaTypes.Accepted}.");
        if (sniffed.Pixels is { } pixels && pixels.Count > options.Value.MaxPixels)
        {
            throw new SubmissionRejectedException(ErrorCodes.TooManyPixels, string.Create(CultureInfo.InvariantCulture,
                $"The picture has {pixels.Width} × {pixels.Height} pixels; {options.Value.MaxPixels / 1e6:0.##} million are allowed."));
        }

        return format;
    }

    private async Task PutAsync(string key, UploadStream upload, string contentType, CancellationToken cancellationToken)
    {
        try
        {
            await objects.PutAsync(key, upload, contentType, cancellationToken);
        }
        catch (Exception) when (upload.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(upload.Failure);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Log.StoreFailed(logger, e);
            throw new SubmissionRejectedException(ErrorCodes.Unavailable, "The file could not be stored; try again shortly.", e) { RetryAfter = TimeSpan.FromSeconds(5) };
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Error, "The object store refused an upload")]
        public static partial void StoreFailed(ILogger logger, Exception exception);

        [LoggerMessage(1002, LogLevel.Error, "Object {Key} of a refused submission could not be removed")]
        public static partial void OrphanLeft(ILogger logger, string key, Exception exception);
    }
}

/// <summary>A file that is durable in the object store.</summary>
/// <param name="Key">Object key.</param>
/// <param name="Format">Container, by magic number.</param>
/// <param name="SizeBytes">Size.</param>
/// <param name="Sha256">Hash, lower-case hex.</param>
internal sealed record StoredMedia(string Key, MediaFormat Format, long SizeBytes, string Sha256);
