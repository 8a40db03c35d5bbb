using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>
/// Checks a claim's signature: COSE_Sign1 (RFC 9052) with the claim as detached payload and the signer's certificate in its header. Only that
/// the key of this certificate signed this claim; nobody vouches for the certificate.
/// </summary>
internal static class ClaimSignature
{
    private const int MaxCertificate = 64 * 1024;
    private const long AlgorithmHeader = 1, CertificateHeader = 33;

    /// <summary>Verifies.</summary>
    /// <param name="cose">The signature box's content.</param>
    /// <param name="claim">The claim's bytes.</param>
    public static (CredentialCheck Check, string? Signer) Verify(ReadOnlyMemory<byte> cose, ReadOnlyMemory<byte> claim)
    {
        if (CborValue.Read(cose) is not { Items: [{ Bytes: { } protectedBytes }, var unprotected, _, { Bytes: { } signature }] } || CborValue.Read(protectedBytes) is not { } header)
            return (CredentialCheck.NotChecked, null);
        if (header[AlgorithmHeader]?.Number is not { } algorithm || (Leaf(header) ?? Leaf(unprotected)) is not { Length: > 0 and <= MaxCertificate } leaf)
            return (CredentialCheck.NotChecked, null);
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(leaf.Span);
            var signer = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            return (Verify(certificate, algorithm, Signed(protectedBytes.Span, claim.Span), signature.Span), signer.Length > 0 ? signer : null);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or ArgumentException)
        {
            return (CredentialCheck.NotChecked, null);
        }
    }

    private static ReadOnlyMemory<byte>? Leaf(CborValue header)
    {
        var chain = header[CertificateHeader] ?? header["x5chain"];
        return chain?.Bytes ?? (chain is { Items: [var leaf, ..] } ? leaf.Bytes : null);
    }

    private static CredentialCheck Verify(X509Certificate2 certificate, long algorithm, byte[] signed, ReadOnlySpan<byte> signature)
    {
        // Numbers of the IANA registry of COSE algorithms.
        HashAlgorithmName? hash = algorithm switch
        {
            -7 or -37 => HashAlgorithmName.SHA256,
            -35 or -38 => HashAlgorithmName.SHA384,
            -36 or -39 => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (hash is not { } name) return CredentialCheck.NotChecked;
        bool? holds = null;
        if (algorithm is -7 or -35 or -36)
        {
            using var key = certificate.GetECDsaPublicKey();
            holds = key?.VerifyData(signed, signature, name, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        else
        {
            using var key = RsaKey(certificate);
            holds = key?.VerifyData(signed, signature, name, RSASignaturePadding.Pss);
        }

        return holds switch
        {
            true => CredentialCheck.Holds,
            false => CredentialCheck.Broken,
            null => CredentialCheck.NotChecked,
        };
    }

    /// <summary>The key, also of certificates that bind theirs to PSS (RFC 4055), which the framework does not take for RSA.</summary>
    private static RSA? RsaKey(X509Certificate2 certificate)
    {
        const string pss = "1.2.840.113549.1.1.10";
        if (certificate.PublicKey.Oid.Value != pss) return certificate.GetRSAPublicKey();
        var key = RSA.Create();
        key.ImportRSAPublicKey(certificate.PublicKey.EncodedKeyValue.RawData, out _);
        return key;
    }

    /// <summary>Sig_structure: ["Signature1", protected, empty, payload] (RFC 9052, section 4.4).</summary>
    private static byte[] Signed(ReadOnlySpan<byte> protectedBytes, ReadOnlySpan<byte> claim)
    {
        using var structure = new MemoryStream();
        structure.WriteByte(0x84);
        structure.WriteByte(0x6A);
        structure.Write(Encoding.ASCII.GetBytes("Signature1"));
        WriteBytes(structure, protectedBytes);
        WriteBytes(structure, []);
        WriteBytes(structure, claim);
        return structure.ToArray();
    }

    private static void WriteBytes(MemoryStream stream, ReadOnlySpan<byte> bytes)
    {
        switch (bytes.Length)
        {
            case < 24:
                stream.WriteByte((byte)(0x40 | bytes.Length));
                break;
            case < 256:
                stream.Write([0x58, (byte)bytes.Length]);
                break;
            case < 65536:
                stream.Write([0x59, (byte)(bytes.Length >> 8), (byte)bytes.Length]);
                break;
            default:
                stream.Write([0x5A, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length]);
                break;
        }

        stream.Write(bytes);
    }
}
