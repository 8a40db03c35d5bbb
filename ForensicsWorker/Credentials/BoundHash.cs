using System.Security.Cryptography;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>Hashes a file as its manifest's tie demands.</summary>
public static class BoundHash
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Reads a stream from start to end and hashes all but the exclusions.</summary>
    /// <returns>Whether the hash is the expected one.</returns>
    public static async Task<CredentialCheck> CheckAsync(Stream file, HashBinding binding, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(binding.Algorithm);
        var buffer = new byte[BufferBytes];
        long at = 0;
        var next = 0;
        int count;
        while ((count = await file.ReadAsync(buffer, cancellationToken)) > 0)
        {
            for (var from = 0; from < count;)
            {
                while (next < binding.Exclusions.Count && binding.Exclusions[next].Start + binding.Exclusions[next].Length <= at + from) next++;
                var exclusion = next < binding.Exclusions.Count ? binding.Exclusions[next] : new HashExclusion(long.MaxValue, 0);
                var here = at + from;
                if (here >= exclusion.Start)
                {
                    from += (int)Math.Min(count - from, exclusion.Start + exclusion.Length - here);
                    continue;
                }

                var length = (int)Math.Min(count - from, exclusion.Start - here);
                hash.AppendData(buffer, from, length);
                from += length;
            }

            at += count;
        }

        return hash.GetHashAndReset().AsSpan().SequenceEqual(binding.Expected.Span) ? CredentialCheck.Holds : CredentialCheck.Broken;
    }
}
