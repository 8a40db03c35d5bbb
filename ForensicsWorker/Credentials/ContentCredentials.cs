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
    private static readonly string[] ReferenceLists = ["assertions", "created_assertions", "gathered_assertions"];

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
        if (claimBox is null || CborValue.Read(claimBox.Content) is not { } claim) return null;
        var assertions = manifest.Child("c2pa.assertions")?.Children ?? [];
        var signature = ClaimSignature.Verify(manifest.Child("c2pa.signature")?.Content ?? default, claimBox.Content);
        var (binding, leavesOut) = ReadBinding(assertions, claim, carrier);
        return new ContentCredentials
        {
            Generator = Short(GeneratorOf(claim)),
            Signer = Short(signature.Signer),
            Signature = signature.Check,
            Assertions = CheckAssertions(assertions, claim),
            Binding = binding,
            LeavesOutPicture = leavesOut,
            Actions = [.. assertions.Where(box => box.Label.StartsWith("c2pa.actions", StringComparison.Ordinal)).Select(box => CborValue.Read(box.Content)).OfType<CborValue>()
                .SelectMany(ActionsOf).Take(MaxTexts)],
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

    /// <summary>A list of programs before version 2.2, one program since; a plain text at first.</summary>
    private static string? GeneratorOf(CborValue claim) => claim["claim_generator_info"] switch
    {
        { Items: [var first, ..] } => first["name"]?.Text,
        { } info => info["name"]?.Text,
        null => claim["claim_generator"]?.Text,
    };

    private static IEnumerable<string> ActionsOf(CborValue assertion)
    {
        foreach (var action in assertion["actions"]?.Items ?? [])
        {
            if (Short(action["action"]?.Text) is { } name) yield return name;
            if (Short(action["digitalSourceType"]?.Text) is { } source) yield return source;
        }
    }

    private static CredentialCheck CheckAssertions(IReadOnlyList<JumbfBox> assertions, CborValue claim)
    {
        var references = ReferenceLists.SelectMany(name => claim[name]?.Items ?? []).ToList();
        if (references.Count is 0 or > MaxReferences) return CredentialCheck.NotChecked;
        var result = CredentialCheck.Holds;
        // However often a claim names an assertion, it is hashed once.
        var hashes = new Dictionary<(JumbfBox, HashAlgorithmName), byte[]>();
        foreach (var reference in references)
        {
            var label = reference["url"]?.Text?.Split('/')[^1];
            if (Algorithm(reference["alg"]?.Text ?? claim["alg"]?.Text ?? "sha256") is not { } algorithm) return CredentialCheck.NotChecked;
            if (assertions.FirstOrDefault(box => box.Label == label) is not { } assertion || reference["hash"]?.Bytes is not { } expected)
            {
                result = CredentialCheck.Broken;
                continue;
            }

            if (!hashes.TryGetValue((assertion, algorithm), out var hash)) hashes[(assertion, algorithm)] = hash = CryptographicOperations.HashData(algorithm, assertion.Payload.Span);
            if (!hash.AsSpan().SequenceEqual(expected.Span)) result = CredentialCheck.Broken;
        }

        return result;
    }

    private static (HashBinding? Binding, bool LeavesOutPicture) ReadBinding(IReadOnlyList<JumbfBox> assertions, CborValue claim, ManifestCarrier carrier)
    {
        var box = assertions.FirstOrDefault(assertion => assertion.Label == "c2pa.hash.data");
        if (box is null || CborValue.Read(box.Content) is not { } data || data["hash"]?.Bytes is not { } hash) return (null, false);
        if (Algorithm(data["alg"]?.Text ?? claim["alg"]?.Text ?? "sha256") is not { } algorithm) return (null, false);
        var exclusions = new List<HashExclusion>();
        foreach (var item in data["exclusions"]?.Items ?? [])
        {
            if (item["start"]?.Number is not (>= 0 and var start) || item["length"]?.Number is not (>= 0 and var length)) return (null, false);
            if (exclusions.Count > 0 && start < exclusions[^1].Start + exclusions[^1].Length) return (null, false);
            // A hash that leaves out more than the manifest says nothing about what it leaves out.
            if (start < carrier.Start || length > carrier.End - start) return (null, true);
            exclusions.Add(new HashExclusion(start, length));
        }

        return (new HashBinding(algorithm, hash, exclusions), false);
    }

    private static string? Short(string? text) => text is { Length: > MaxText } ? text[..MaxText] : text;
}
