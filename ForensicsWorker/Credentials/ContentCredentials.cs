using System.Formats.Cbor;
using System.Security.Cryptography;
using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>How one check of a manifest came out.</summary>
public enum CredentialCheck
{
    /// <summary>There was nothing to check, or not in a form that is known here.</summary>
    NotChecked,

    /// <summary>It holds.</summary>
    Holds,

    /// <summary>It does not hold.</summary>
    Broken,
}

/// <summary>Bytes of the file that the hash leaves out.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">How many.</param>
public readonly record struct HashExclusion(long Start, long Length);

/// <summary>The hash that ties a manifest to the bytes of its file (<c>c2pa.hash.data</c>).</summary>
/// <param name="Algorithm">Of the hash.</param>
/// <param name="Expected">The hash.</param>
/// <param name="Exclusions">What it leaves out, ascending; nothing but the manifest itself.</param>
public sealed record HashBinding(HashAlgorithmName Algorithm, ReadOnlyMemory<byte> Expected, IReadOnlyList<HashExclusion> Exclusions);

/// <summary>
/// The active C2PA manifest of a picture (C2PA 2.1). Integrity is checked: whether the assertions are those of the claim, whether the claim is the one that
/// was signed, and, by the caller, whether the file is the one that was hashed. Trust is not: there is no list of trusted signers here, so a
/// certificate proves nothing about who used it.
/// </summary>
public sealed record ContentCredentials
{
    private const int MaxTexts = 200, MaxText = 200, MaxReferences = 256;
    private const string DefaultAlgorithm = "sha256";

    /// <summary>Program that wrote the claim; null where it is not named.</summary>
    public string? Generator { get; private init; }

    /// <summary>Name in the signer's certificate; anybody can make one. Null where it cannot be read.</summary>
    public string? Signer { get; private init; }

    /// <summary>Whether every assertion that the claim lists has the hash it lists.</summary>
    public CredentialCheck Assertions { get; private init; }

    /// <summary>Whether the signature is one of the claim by the key of the certificate that comes with it.</summary>
    public CredentialCheck Signature { get; private init; }

    /// <summary>The tie to the file's bytes; null where there is none of a known form, or one that leaves out more than the manifest.</summary>
    public HashBinding? Binding { get; private init; }

    /// <summary>Whether the tie leaves out bytes of the picture, so that they could be anything.</summary>
    public bool LeavesOutPicture { get; private init; }

    /// <summary>What was done, as the assertion of actions lists it: actions and kinds of digital source.</summary>
    public IReadOnlyList<string> Actions { get; private init; } = [];

    /// <summary>Reads the active manifest; null without one, or where it cannot be read.</summary>
    /// <param name="format">Container.</param>
    /// <param name="head">First bytes of the file.</param>
    public static ContentCredentials? Read(MediaFormat format, ReadOnlyMemory<byte> head)
    {
        if (ManifestCarrier.Find(format, head) is not { } carrier || JumbfBox.Read(carrier.Store) is not { Label: "c2pa", Children: [.., var manifest] }) return null;
        var claimBox = manifest.Child("c2pa.claim.v2") ?? manifest.Child("c2pa.claim");
        if (claimBox is null || Claim.Read(claimBox.Content) is not { } claim) return null;
        var assertions = manifest.Child("c2pa.assertions")?.Children ?? [];
        var signature = ClaimSignature.Verify(manifest.Child("c2pa.signature")?.Content ?? default, claimBox.Content);
        var (binding, leavesOut) = ReadBinding(assertions, claim, carrier);
        return new ContentCredentials
        {
            Generator = Short(claim.Generator),
            Signer = Short(signature.Signer),
            Signature = signature.Check,
            Assertions = CheckAssertions(assertions, claim),
            Binding = binding,
            LeavesOutPicture = leavesOut,
            Actions = [.. assertions.Where(box => box.Label.StartsWith("c2pa.actions", StringComparison.Ordinal)).SelectMany(box => ReadActions(box.Content)).Take(MaxTexts)],
        };
    }

    /// <summary>Digest algorithm by the name C2PA gives it; null for another one.</summary>
    internal static HashAlgorithmName? Algorithm(string? name) => name switch
    {
        "sha256" => HashAlgorithmName.SHA256,
        "sha384" => HashAlgorithmName.SHA384,
        "sha512" => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static List<string> ReadActions(ReadOnlyMemory<byte> assertion)
    {
        var texts = new List<string>();
        if (BoundedCbor.Open(assertion) is not { } reader) return texts;
        BoundedCbor.ReadMap(reader, (list, value) =>
        {
            if (list == "actions") BoundedCbor.ReadArray(value, item => BoundedCbor.ReadMap(item, ReadAction));
            else value.SkipValue();
        });
        return texts;

        void ReadAction(string key, CborReader value)
        {
            if (key is not ("action" or "digitalSourceType")) value.SkipValue();
            else if (Short(BoundedCbor.ReadText(value)) is { } text) texts.Add(text);
        }
    }

    private static CredentialCheck CheckAssertions(IReadOnlyList<JumbfBox> assertions, Claim claim)
    {
        if (claim.Assertions.Count is 0 or > MaxReferences) return CredentialCheck.NotChecked;
        var result = CredentialCheck.Holds;
        // However often a claim names an assertion, it is hashed once.
        var hashes = new Dictionary<(JumbfBox, HashAlgorithmName), byte[]>();
        foreach (var reference in claim.Assertions)
        {
            var label = reference.Url?.Split('/')[^1];
            if (Algorithm(reference.Algorithm ?? claim.Algorithm ?? DefaultAlgorithm) is not { } algorithm) return CredentialCheck.NotChecked;
            if (assertions.FirstOrDefault(box => box.Label == label) is not { } assertion || reference.Hash is not { } expected)
            {
                result = CredentialCheck.Broken;
                continue;
            }

            if (!hashes.TryGetValue((assertion, algorithm), out var hash)) hashes[(assertion, algorithm)] = hash = CryptographicOperations.HashData(algorithm, assertion.Payload.Span);
            if (!hash.AsSpan().SequenceEqual(expected)) result = CredentialCheck.Broken;
        }

        return result;
    }

    private static (HashBinding? Binding, bool LeavesOutPicture) ReadBinding(IReadOnlyList<JumbfBox> assertions, Claim claim, ManifestCarrier carrier)
    {
        if (assertions.FirstOrDefault(assertion => assertion.Label == "c2pa.hash.data") is not { } box || BoundedCbor.Open(box.Content) is not { } reader) return (null, false);
        string? name = null;
        byte[]? expected = null;
        var ranges = new List<(long? Start, long? Length)>();
        BoundedCbor.ReadMap(reader, (key, value) =>
        {
            switch (key)
            {
                case "alg":
                    name = BoundedCbor.ReadText(value);
                    break;
                case "hash":
                    expected = BoundedCbor.ReadBytes(value);
                    break;
                case "exclusions":
                    BoundedCbor.ReadArray(value, item => ranges.Add(ReadRange(item)));
                    break;
                default:
                    value.SkipValue();
                    break;
            }
        });
        if (expected is null || Algorithm(name ?? claim.Algorithm ?? DefaultAlgorithm) is not { } algorithm) return (null, false);
        var exclusions = new List<HashExclusion>();
        foreach (var range in ranges)
        {
            if (range is not ({ } start, { } length)) return (null, false);
            if (exclusions.Count > 0 && start < exclusions[^1].Start + exclusions[^1].Length) return (null, false);
            // A hash that leaves out more than the manifest says nothing about what it leaves out.
            if (start < carrier.Start || length > carrier.End - start) return (null, true);
            exclusions.Add(new HashExclusion(start, length));
        }

        return (new HashBinding(algorithm, expected, exclusions), false);
    }

    private static (long? Start, long? Length) ReadRange(CborReader reader)
    {
        long? start = null, length = null;
        BoundedCbor.ReadMap(reader, (key, value) =>
        {
            if (key == "start") start = BoundedCbor.ReadLength(value);
            else if (key == "length") length = BoundedCbor.ReadLength(value);
            else value.SkipValue();
        });
        return (start, length);
    }

    private static string? Short(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;
}
