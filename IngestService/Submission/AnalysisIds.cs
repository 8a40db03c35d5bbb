using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// Makes ids: <c>an_</c> and 26 characters of lower-case Crockford base32, 48 bits of milliseconds before 80 random ones (the layout of
/// a ULID). They sort by time, are unique without asking anyone, and one does not tell another.
/// </summary>
public sealed class AnalysisIds(TimeProvider time)
{
    private const string Prefix = "an_";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>The characters behind the prefix.</summary>
    internal static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    private const int Digits = 26;
    private const int RandomBits = 80;
    private readonly Lock _lock = new();
    private UInt128 _last;

    /// <summary>A new id, greater than every one this instance made before, even when the clock stands or goes back.</summary>
    public string Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        var random = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        var value = ((UInt128)(ulong)time.GetUtcNow().ToUnixTimeMilliseconds() << RandomBits) | (random >> (128 - RandomBits));
        lock (_lock)
        {
            // Same millisecond: step on by a random distance, so that order holds and the next id cannot be guessed.
            if (value >> RandomBits <= _last >> RandomBits) value = _last + 1 + (random & 0xFF_FFFF_FFFF);
            _last = value;
        }

        return string.Create(Prefix.Length + Digits, value, static (text, rest) =>
        {
            Prefix.CopyTo(text);
            for (var i = text.Length - 1; i >= Prefix.Length; i--, rest >>= 5) text[i] = Alphabet[(int)(rest & 31)];
        });
    }
}
