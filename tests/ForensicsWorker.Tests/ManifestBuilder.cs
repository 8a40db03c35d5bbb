using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Deepfake.ForensicsWorker.Tests;

/// <summary>Writes small pictures with a signed C2PA manifest, by the specification and apart from the code under test.</summary>
internal static class ManifestBuilder
{
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly byte[] Certificate = new CertificateRequest("CN=Test Signer", Key, HashAlgorithmName.SHA256)
        .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100)).RawData;

    /// <summary>A JPEG with a manifest.</summary>
    /// <param name="picture">A JPEG without.</param>
    /// <param name="source">Kind of digital source in the action <c>c2pa.created</c>.</param>
    /// <param name="excluded">More bytes that the hash leaves out, behind the manifest.</param>
    /// <param name="segment">Bytes of a segment's content at most.</param>
    /// <param name="indefinite">Maps without counts, as some writers use.</param>
    /// <param name="repeats">How often the claim names its first assertion.</param>
    public static byte[] Jpeg(byte[] picture, string source = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture", int excluded = 0, int segment = 60_000, bool indefinite = false, int repeats = 1)
    {
        // The hash needs the manifest's length, which does not depend on the hash.
        var length = Segments(Store(source, new byte[32], 0, indefinite, repeats: repeats), segment).Length;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(picture.AsSpan(0, 2));
        hash.AppendData(picture.AsSpan(2 + excluded));
        var segments = Segments(Store(source, hash.GetHashAndReset(), length + excluded, indefinite, repeats: repeats), segment);
        return [.. picture.AsSpan(0, 2), .. segments, .. picture.AsSpan(2)];
    }

    /// <summary>A PNG with a manifest behind its header chunk.</summary>
    public static byte[] Png(byte[] picture)
    {
        const int at = 33;
        var length = Store("", new byte[32], 0, false, at).Length + 12;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(picture);
        var store = Store("", hash.GetHashAndReset(), length, false, at);
        byte[] size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, store.Length);
        return [.. picture.AsSpan(0, at), .. size, .. "caBX"u8, .. store, 0, 0, 0, 0, .. picture.AsSpan(at)];
    }

    private static byte[] Store(string source, byte[] hash, int length, bool indefinite, int start = 2, int repeats = 1)
    {
        byte[] actions = Map(indefinite, ("actions", Array([Map(indefinite, ("action", Text("c2pa.created")), ("digitalSourceType", Text(source)))])));
        byte[] data = Map(indefinite, ("exclusions", Array([Map(indefinite, ("start", Number(start)), ("length", Wide(length)))])), ("alg", Text("sha256")), ("hash", Bytes(hash)), ("pad", Bytes([])));
        byte[] actionBox = Super("c2pa.actions", Box("cbor", actions)), dataBox = Super("c2pa.hash.data", Box("cbor", data));
        byte[] claim = Map(
            indefinite,
            ("claim_generator", Text("maker/1.0")),
            ("assertions", Array([.. Enumerable.Repeat(Reference("c2pa.actions", actionBox), repeats), Reference("c2pa.hash.data", dataBox)])),
            ("alg", Text("sha256")));
        byte[] header = [0xA2, 0x01, 0x26, 0x18, 0x21, .. Bytes(Certificate)];
        byte[] signed = [0x84, .. Text("Signature1"), .. Bytes(header), .. Bytes([]), .. Bytes(claim)];
        // The same bytes in every run of one process: the length must not depend on the signature.
        byte[] signature = [0xD2, 0x84, .. Bytes(header), 0xA0, 0xF6, .. Bytes(Key.SignData(signed, HashAlgorithmName.SHA256))];
        return Super("c2pa", Super("urn:c2pa:test", Super("c2pa.assertions", actionBox, dataBox), Super("c2pa.claim", Box("cbor", claim)), Super("c2pa.signature", Box("cbor", signature))));
    }

    private static byte[] Reference(string label, byte[] box) =>
        Map(false, ("url", Text("self#jumbf=c2pa.assertions/" + label)), ("hash", Bytes(SHA256.HashData(box.AsSpan(8)))));

    private static byte[] Segments(byte[] store, int most)
    {
        using var stream = new MemoryStream();
        for (int at = 0, number = 1; at < store.Length; number++)
        {
            byte[] repeated = number == 1 ? [] : store[..8];
            var part = store.AsSpan(at, Math.Min(most, store.Length - at));
            at += part.Length;
            var length = 2 + 8 + repeated.Length + part.Length;
            stream.Write([0xFF, 0xEB, (byte)(length >> 8), (byte)length, .. "JP"u8, 2, 0x11, 0, 0, 0, (byte)number, .. repeated, .. part]);
        }

        return stream.ToArray();
    }

    private static byte[] Box(string type, params ReadOnlySpan<byte> content)
    {
        byte[] box = [0, 0, 0, 0, .. Encoding.ASCII.GetBytes(type), .. content];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        return box;
    }

    private static byte[] Super(string label, params byte[][] boxes) =>
        Box("jumb", [.. Box("jumd", [.. new byte[16], 3, .. Encoding.UTF8.GetBytes(label), 0]), .. boxes.SelectMany(box => box)]);

    private static byte[] Map(bool indefinite, params (string Key, byte[] Value)[] entries)
    {
        byte[] content = [.. entries.SelectMany(entry => Text(entry.Key).Concat(entry.Value))];
        return indefinite ? [0xBF, .. content, 0xFF] : [(byte)(0xA0 | entries.Length), .. content];
    }

    private static byte[] Array(byte[][] items) => [.. Head(4, items.Length), .. items.SelectMany(item => item)];

    private static byte[] Text(string text) => [.. Head(3, Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(byte[] bytes) => [.. Head(2, bytes.Length), .. bytes];

    private static byte[] Number(int number) => Head(0, number);

    private static byte[] Wide(int number) => [0x1A, (byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number];

    private static byte[] Head(int type, int length) => length switch
    {
        < 24 => [(byte)(type << 5 | length)],
        < 256 => [(byte)(type << 5 | 24), (byte)length],
        _ => [(byte)(type << 5 | 25), (byte)(length >> 8), (byte)length],
    };
}
