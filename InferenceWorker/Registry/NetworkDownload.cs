using System.Security.Cryptography;
using Deepfake.InferenceWorker.Models;
using Deepfake.ServiceDefaults.Outbound;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>Fetches a network from a public https address and holds it to its hash.</summary>
public sealed class NetworkDownload(GuardedHandler guard)
{
    private const int MaxRedirects = 3;

    /// <summary>Largest file that is taken, in bytes.</summary>
    public const long MaxBytes = 2L * 1024 * 1024 * 1024;

    /// <summary>How long a download may take, from the first connection to the last byte.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Downloads to a file.</summary>
    /// <exception cref="ModelRejectedException">The address may not be called, does not answer with a file in time, or the file has another hash.</exception>
    public async Task FetchAsync(Uri address, string sha256, string path, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(guard.Create()) { Timeout = Timeout.InfiniteTimeSpan };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var response = await FollowAsync(client, address, limit.Token);
            if (response.Content.Headers.ContentLength > MaxBytes) throw new ModelRejectedException("the network is larger than 2 GB");
            await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
            var hash = await CopyAsync(body, path, limit.Token);
            if (!string.Equals(hash, sha256, StringComparison.OrdinalIgnoreCase))
                throw new ModelRejectedException($"the file at the address has another SHA-256, beginning with {hash[..12]}");
        }
        catch (HttpRequestException e)
        {
            throw new ModelRejectedException(ForbiddenAddressException.Caused(e) ? "the address is not public" : "the address cannot be read", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelRejectedException($"the address cannot be reached, or the download takes longer than {Limit.TotalMinutes:0.##} minutes", e);
        }
        catch (IOException e)
        {
            throw new ModelRejectedException("the download broke off, or the models folder cannot be written", e);
        }
    }

    // Model hubs answer with the address of a store; each step is checked like the first.
    private async Task<HttpResponseMessage> FollowAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        for (var step = 0; step <= MaxRedirects; step++)
        {
            if (guard.Refuse(address) is { } reason) throw new ModelRejectedException(reason);
            var response = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode) return response;
            var next = (int)response.StatusCode is 301 or 302 or 303 or 307 or 308 ? response.Headers.Location : null;
            var status = (int)response.StatusCode;
            response.Dispose();
            if (next is null) throw new ModelRejectedException($"the address answered {status}");
            address = new Uri(address, next);
        }

        throw new ModelRejectedException($"the address redirects more than {MaxRedirects} times");
    }

    private static async Task<string> CopyAsync(Stream body, string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var buffer = new byte[128 * 1024];
        long total = 0;
        for (int read; (read = await body.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            if ((total += read) > MaxBytes) throw new ModelRejectedException("the network is larger than 2 GB");
            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
