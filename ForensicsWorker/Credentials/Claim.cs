using System.Formats.Cbor;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>What a claim says of an assertion: where it is, and the hash that it must have.</summary>
/// <param name="Url">Address of the assertion's box within the store.</param>
/// <param name="Algorithm">Of the hash, by C2PA's name; null for the claim's own.</param>
/// <param name="Hash">The hash.</param>
internal readonly record struct AssertionReference(string? Url, string? Algorithm, byte[]? Hash)
{
    /// <summary>Reads one.</summary>
    public static AssertionReference Read(CborReader reader)
    {
        var reference = default(AssertionReference);
        BoundedCbor.ReadMap(reader, (key, value) =>
        {
            switch (key)
            {
                case "url":
                    reference = reference with { Url = BoundedCbor.ReadText(value) };
                    break;
                case "alg":
                    reference = reference with { Algorithm = BoundedCbor.ReadText(value) };
                    break;
                case "hash":
                    reference = reference with { Hash = BoundedCbor.ReadBytes(value) };
                    break;
                default:
                    value.SkipValue();
                    break;
            }
        });
        return reference;
    }
}

/// <summary>The claim of a manifest (C2PA 2.1, section 10): who made it, and which assertions it stands for.</summary>
internal sealed class Claim
{
    private Claim()
    {
    }

    /// <summary>Program that wrote it; null where it is not named.</summary>
    public string? Generator { get; private set; }

    /// <summary>Algorithm of hashes that name none, by C2PA's name; null where it names none either.</summary>
    public string? Algorithm { get; private set; }

    /// <summary>All assertions that it lists.</summary>
    public IReadOnlyList<AssertionReference> Assertions { get; private set; } = [];

    /// <summary>Reads a claim; null for what is none.</summary>
    public static Claim? Read(ReadOnlyMemory<byte> cbor)
    {
        if (BoundedCbor.Open(cbor) is not { } reader) return null;
        var claim = new Claim();
        string? plainGenerator = null;
        var hasInfo = false;
        var assertions = new List<AssertionReference>();
        BoundedCbor.ReadMap(reader, (key, value) =>
        {
            switch (key)
            {
                case "claim_generator":
                    plainGenerator = BoundedCbor.ReadText(value);
                    break;
                case "claim_generator_info":
                    (hasInfo, claim.Generator) = (true, ReadGenerator(value));
                    break;
                case "assertions" or "created_assertions" or "gathered_assertions":
                    BoundedCbor.ReadArray(value, item => assertions.Add(AssertionReference.Read(item)));
                    break;
                case "alg":
                    claim.Algorithm = BoundedCbor.ReadText(value);
                    break;
                default:
                    value.SkipValue();
                    break;
            }
        });
        if (!hasInfo) claim.Generator = plainGenerator;
        claim.Assertions = assertions;
        return claim;
    }

    /// <summary>A list of programs before version 2.2, of which the first wrote it; one program since.</summary>
    private static string? ReadGenerator(CborReader reader)
    {
        string? first = null;
        if (reader.PeekState() != CborReaderState.StartArray) return ReadName(reader);
        BoundedCbor.ReadArray(reader, item =>
        {
            var name = ReadName(item);
            first ??= name;
        });
        return first;
    }

    private static string? ReadName(CborReader reader)
    {
        string? name = null;
        BoundedCbor.ReadMap(reader, (key, value) =>
        {
            if (key == "name") name = BoundedCbor.ReadText(value);
            else value.SkipValue();
        });
        return name;
    }
}
