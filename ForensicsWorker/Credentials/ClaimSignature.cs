using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>
/// Checks a claim's signature: COSE_Sign1 (RFC 9052) with the claim as detached payload and the signer's certificate in its header. Only that
/// the key of this certificate signed this claim; nobody vouches for the certificate.
/// </summary>
internal static class ClaimSignature
{
    private const int MaxCertificate = 64 * 1024;

    // Of the IANA registry of COSE header parameters; before it had one, C2PA used a name.
    private static readonly CoseHeaderLabel[] CertificateChain = [new(33), new("x5chain")];

    /// <summary>Verifies.</summary>
    /// <param name="cose">The signature box's content.</param>
    /// <param name="claim">The claim's bytes.</param>
    public static (CredentialCheck Check, string? Signer) Verify(ReadOnlyMemory<byte> cose, ReadOnlyMemory<byte> claim)
    {
        if (!IsWithinLimits(cose)) return (CredentialCheck.NotChecked, null);
        try
        {
            var message = CoseMessage.DecodeSign1(cose.Span);
            // What must be understood (RFC 9052, section 3.1) is not looked at here.
            if (message.ProtectedHeaders.ContainsKey(CoseHeaderLabel.CriticalHeaders)) return (CredentialCheck.NotChecked, null);
            if (!message.ProtectedHeaders.TryGetValue(CoseHeaderLabel.Algorithm, out var algorithm)) return (CredentialCheck.NotChecked, null);
            if ((Leaf(message.ProtectedHeaders) ?? Leaf(message.UnprotectedHeaders)) is not { Length: > 0 and <= MaxCertificate } leaf) return (CredentialCheck.NotChecked, null);
            using var certificate = X509CertificateLoader.LoadCertificate(leaf);
            var signer = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            using var key = Key(certificate, algorithm);
            var check = key is null ? CredentialCheck.NotChecked : message.VerifyDetached(key, claim.Span) ? CredentialCheck.Holds : CredentialCheck.Broken;
            return (check, signer.Length > 0 ? signer : null);
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or CborContentException or ArgumentException or InvalidOperationException or OverflowException)
        {
            return (CredentialCheck.NotChecked, null);
        }
    }

    /// <summary>The message itself, and its protected header, which is a document of its own.</summary>
    private static bool IsWithinLimits(ReadOnlyMemory<byte> cose)
    {
        if (BoundedCbor.Open(cose) is not { } reader) return false;
        var position = 0;
        byte[]? header = null;
        BoundedCbor.ReadArray(reader, item =>
        {
            if (position++ == 0) header = BoundedCbor.ReadBytes(item);
            else item.SkipValue();
        });
        return header is not null && BoundedCbor.Open(header) is not null;
    }

    /// <summary>The signer's certificate: alone, or the first of its chain (RFC 9360).</summary>
    private static byte[]? Leaf(CoseHeaderMap headers)
    {
        foreach (var label in CertificateChain)
        {
            if (!headers.TryGetValue(label, out var chain)) continue;
            var reader = new CborReader(chain.EncodedValue, CborConformanceMode.Strict);
            if (reader.PeekState() != CborReaderState.StartArray) return BoundedCbor.ReadBytes(reader);
            byte[]? leaf = null;
            BoundedCbor.ReadArray(reader, item =>
            {
                if (leaf is null) leaf = BoundedCbor.ReadBytes(item) ?? [];
                else item.SkipValue();
            });
            return leaf;
        }

        return null;
    }

    /// <summary>The key, where the algorithm is one of C2PA's that the framework has: all but Ed25519 (C2PA 2.1, section 13.2).</summary>
    private static AsymmetricAlgorithm? Key(X509Certificate2 certificate, CoseHeaderValue algorithm) => algorithm.GetValueAsInt32() switch
    {
        -7 or -35 or -36 => certificate.GetECDsaPublicKey(), // ES256, ES384, ES512
        -37 or -38 or -39 => RsaKey(certificate), // PS256, PS384, PS512
        _ => null,
    };

    /// <summary>The key, also of certificates that bind theirs to PSS (RFC 4055), which the framework does not take for RSA.</summary>
    private static RSA? RsaKey(X509Certificate2 certificate)
    {
        const string pss = "1.2.840.113549.1.1.10";
        if (certificate.PublicKey.Oid.Value != pss) return certificate.GetRSAPublicKey();
        var key = RSA.Create();
        key.ImportRSAPublicKey(certificate.PublicKey.EncodedKeyValue.RawData, out _);
        return key;
    }
}
