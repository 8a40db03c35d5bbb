using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Deepfake.ForensicsWorker.Credentials;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class ClaimSignatureTests
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes("This is the content.");

    /// <summary>RFC 9052, appendix C.2.1: the example's protected header and signature, with its public key (C.7.1) in a certificate and its content detached.</summary>
    [Fact]
    public void The_example_of_the_standard_holds()
    {
        byte[] protectedHeader = [0xA1, 0x01, 0x26];
        var signature = Convert.FromHexString(
            "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36");
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Convert.FromHexString("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"),
                Y = Convert.FromHexString("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"),
            },
        });
        var certificate = Certificate(new CertificateRequest("CN=11", key, HashAlgorithmName.SHA256));
        byte[] cose = [0xD2, 0x84, .. Bytes(protectedHeader), 0xA1, 0x18, 33, .. Bytes(certificate), 0xF6, .. Bytes(signature)];

        Assert.Equal((CredentialCheck.Holds, "11"), ClaimSignature.Verify(cose, Content));
        Assert.Equal((CredentialCheck.Broken, "11"), ClaimSignature.Verify(cose, Content.AsMemory(..^1)));
        Assert.Equal((CredentialCheck.Holds, "11"), ClaimSignature.Verify(cose.AsMemory(1), Content)); // the tag may be left out
        signature[^1] ^= 1;
        Assert.Equal((CredentialCheck.Broken, "11"), ClaimSignature.Verify((byte[])[.. cose[..^signature.Length], .. signature], Content));
    }

    [Theory]
    [InlineData(-7)]
    [InlineData(-35)]
    [InlineData(-36)]
    [InlineData(-37)]
    [InlineData(-38)]
    [InlineData(-39)]
    public void Algorithms_of_the_framework_are_verified(int algorithm)
    {
        var cose = Signed(algorithm);
        Assert.Equal((CredentialCheck.Holds, "Test Signer"), ClaimSignature.Verify(cose, Content));
        Assert.Equal((CredentialCheck.Broken, "Test Signer"), ClaimSignature.Verify(cose, Content.AsMemory(1)));
    }

    [Theory]
    [InlineData(-8)] // EdDSA: .NET has no Ed25519
    [InlineData(-257)] // RS256, which C2PA does not allow
    [InlineData(-65535)] // RS1
    [InlineData(7)]
    public void Others_are_not_checked(int algorithm) => Assert.Equal(CredentialCheck.NotChecked, ClaimSignature.Verify(Signed(algorithm), Content).Check);

    [Fact]
    public void The_certificate_is_found_under_its_number_and_its_name_alone_and_in_a_chain()
    {
        byte[] name = [0x67, .. "x5chain"u8];
        foreach (byte[] label in new[] { [0x18, 33], name })
        {
            foreach (var (isChain, isProtected) in new[] { (false, false), (false, true), (true, false), (true, true) })
                Assert.Equal((CredentialCheck.Holds, "Test Signer"), ClaimSignature.Verify(Signed(-7, label, isChain, isProtected), Content));
        }
    }

    [Fact]
    public void A_key_that_is_bound_to_PSS_is_taken()
    {
        // RFC 4055, section 1.2: the key itself is written as every RSA key.
        using var key = RSA.Create(2048);
        var bound = new PublicKey(new Oid("1.2.840.113549.1.1.10"), null, new AsnEncodedData(key.ExportRSAPublicKey()));
        var certificate = Certificate(new CertificateRequest(new X500DistinguishedName("CN=Bound"), bound, HashAlgorithmName.SHA256));
        byte[] header = [0xA2, 0x01, .. Number(-37), 0x18, 33, .. Bytes(certificate)];
        var signature = key.SignData(SigStructure(header), HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        Assert.Equal((CredentialCheck.Holds, "Bound"), ClaimSignature.Verify((byte[])[0xD2, 0x84, .. Bytes(header), 0xA0, 0xF6, .. Bytes(signature)], Content));
    }

    [Fact]
    public void A_header_that_must_be_understood_and_a_payload_of_its_own_are_not_checked()
    {
        Assert.Equal(CredentialCheck.NotChecked, ClaimSignature.Verify(Signed(-7, more: [0x02, 0x81, 0x18, 99, 0x18, 99, 0x00]), Content).Check); // crit: [99]
        Assert.Equal(CredentialCheck.NotChecked, ClaimSignature.Verify(Signed(-7, payload: Bytes(Content)), Content).Check);
    }

    [Fact]
    public void A_protected_header_beyond_the_limits_is_not_opened()
    {
        byte[] deep = [0xA2, 0x01, 0x26, 0x18, 99, .. Enumerable.Repeat((byte)0x81, 100_000), 0x00];
        Assert.Equal((CredentialCheck.NotChecked, (string?)null), ClaimSignature.Verify((byte[])[0x84, .. Bytes(deep), 0xA0, 0xF6, .. Bytes(new byte[64])], Content));
    }

    /// <summary>Signs by the framework's keys over a Sig_structure that is written here, apart from its COSE.</summary>
    private static byte[] Signed(int algorithm, byte[]? label = null, bool isChain = false, bool isProtected = true, byte[]? more = null, byte[]? payload = null)
    {
        var hash = algorithm switch { -35 or -38 => HashAlgorithmName.SHA384, -36 or -39 => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
        using var ecdsa = ECDsa.Create(algorithm switch { -35 => ECCurve.NamedCurves.nistP384, -36 => ECCurve.NamedCurves.nistP521, _ => ECCurve.NamedCurves.nistP256 });
        using var rsa = RSA.Create(2048);
        var isRsa = algorithm is -37 or -38 or -39 or -257 or -65535;
        var certificate = Certificate(isRsa
            ? new CertificateRequest("CN=Test Signer", rsa, hash, RSASignaturePadding.Pss)
            : new CertificateRequest("CN=Test Signer", ecdsa, hash));
        byte[] chain = [.. label ?? [0x18, 33], .. isChain ? [0x82, .. Bytes(certificate), .. Bytes([1, 2, 3])] : Bytes(certificate)];
        byte[] header = [(byte)(0xA1 + (isProtected ? 1 : 0) + (more is null ? 0 : 2)), 0x01, .. Number(algorithm), .. more ?? [], .. isProtected ? chain : []];
        byte[] unprotected = isProtected ? [0xA0] : [0xA1, .. chain];
        var structure = SigStructure(header);
        var signature = isRsa ? rsa.SignData(structure, hash, RSASignaturePadding.Pss) : ecdsa.SignData(structure, hash);
        return [0xD2, 0x84, .. Bytes(header), .. unprotected, .. payload ?? [0xF6], .. Bytes(signature)];
    }

    private static byte[] SigStructure(byte[] header) => [0x84, 0x6A, .. "Signature1"u8, .. Bytes(header), 0x40, .. Bytes(Content)];

    /// <summary>A certificate of a key, made out by another: of the standard's key only the public half is used.</summary>
    private static byte[] Certificate(CertificateRequest request)
    {
        using var issuer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = request.Create(new X500DistinguishedName("CN=Issuer"), X509SignatureGenerator.CreateForECDsa(issuer), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100), [1]);
        return certificate.RawData;
    }

    private static byte[] Number(int number) => number switch
    {
        >= 0 => [(byte)number],
        >= -24 => [(byte)(0x20 | (-1 - number))],
        >= -256 => [0x38, (byte)(-1 - number)],
        _ => [0x39, (byte)((-1 - number) >> 8), (byte)(-1 - number)],
    };

    private static byte[] Bytes(byte[] bytes) => bytes.Length switch
    {
        < 24 => [(byte)(0x40 | bytes.Length), .. bytes],
        < 256 => [0x58, (byte)bytes.Length, .. bytes],
        < 65536 => [0x59, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes],
        _ => [0x5A, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes],
    };
}
