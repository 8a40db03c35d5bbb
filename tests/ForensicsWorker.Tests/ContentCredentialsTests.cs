using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Credentials;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class ContentCredentialsTests
{
    private static readonly byte[] Picture = TestMaterial.Sample("quality-75.jpg");

    [Theory]
    [InlineData(60_000, false)]
    [InlineData(500, false)]
    [InlineData(60_000, true)]
    public async Task An_untouched_file_holds(int segment, bool indefinite)
    {
        var result = await MeasureAsync(ManifestBuilder.Jpeg(Picture, segment: segment, indefinite: indefinite));
        Assert.Equal(0, result.Raw);
        Assert.Equal("Content credentials by \"maker/1.0\", signed as \"Test Signer\"; integrity: file and claim are as signed; trust not checked.", result.Reason);
        Assert.All(new[] { "hash_binding", "assertions", "signature" }, name => Assert.Equal(1, result.Values[name]));
        Assert.Equal(0, result.Values["trust_checked"]);
    }

    [Fact]
    public async Task A_PNG_holds_as_well() =>
        Assert.Equal(0, (await MeasureAsync(ManifestBuilder.Png(TestMaterial.Sample("plain.png")), MediaFormat.Png)).Raw);

    [Fact]
    public async Task A_changed_picture_is_not_the_one_that_was_signed()
    {
        var file = ManifestBuilder.Jpeg(Picture);
        file[^3] ^= 1;
        var result = await MeasureAsync(file);
        Assert.Equal((0.8, 0.0, 1.0), (result.Raw, result.Values["hash_binding"], result.Values["signature"]));
        Assert.Contains("the file is not the one that was signed", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("maker/1.0", "signature", 1)]
    [InlineData("digitalCapture", "assertions", 1)]
    [InlineData("digitalCapture", "signature", 0)]
    public async Task A_changed_manifest_is_told(string text, string check, int othersHold)
    {
        // A change of the claim breaks the signature, a change of an assertion its hash in the claim and nothing else.
        var file = ManifestBuilder.Jpeg(Picture);
        file[file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(text))] ^= 1;
        var result = await MeasureAsync(file);
        Assert.Equal(0.8, result.Raw);
        Assert.Equal(othersHold == 1 ? 0 : 1, result.Values[check]);
        Assert.Equal(1, result.Values["hash_binding"]);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(3000, false)]
    public async Task A_claim_that_names_an_assertion_thousands_of_times_is_not_followed(int repeats, bool isChecked) =>
        Assert.Equal(isChecked, (await MeasureAsync(ManifestBuilder.Jpeg(Picture, repeats: repeats))).Values.ContainsKey("assertions"));

    [Fact]
    public async Task A_hash_that_leaves_out_the_picture_ties_nothing()
    {
        var result = await MeasureAsync(ManifestBuilder.Jpeg(Picture, excluded: Picture.Length - 2));
        Assert.DoesNotContain("hash_binding", result.Values.Keys);
        Assert.Equal(0.3, result.Raw);
        Assert.Contains("leave out parts of the picture", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declared_generator_is_told()
    {
        var result = await MeasureAsync(ManifestBuilder.Jpeg(Picture, "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"));
        Assert.Equal(1, result.Raw);
        Assert.Contains("declare synthetic media; integrity: file and claim are as signed", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Absence_is_no_evidence()
    {
        var result = await MeasureAsync(Picture);
        Assert.Null(result.Score);
        Assert.Equal("There are no content credentials; that is no evidence.", result.Reason);
    }

    [Fact]
    public async Task Damaged_and_hostile_manifests_do_no_harm()
    {
        var file = ManifestBuilder.Jpeg(Picture, segment: 400);
        var carrier = ManifestCarrier.Find(MediaFormat.Jpeg, file)!;
        for (var length = 0; length < carrier.End; length += 7) ContentCredentials.Read(MediaFormat.Jpeg, file.AsMemory(0, length));
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var damaged = (byte[])file.Clone();
            for (var i = random.Next(1, 6); i > 0; i--) damaged[random.Next((int)carrier.Start, (int)carrier.End)] = (byte)random.Next(256);
            var result = await MeasureAsync(damaged);
            Assert.True(result.Raw is null or (>= 0 and <= 1));
        }
    }

    [Fact]
    public void Deep_and_wide_CBOR_is_refused()
    {
        Assert.Null(CborValue.Read(Enumerable.Repeat((byte)0x81, 100_000).ToArray())); // arrays in arrays
        Assert.Null(CborValue.Read(Enumerable.Repeat((byte)0xC1, 100_000).ToArray())); // tags of tags
        Assert.Null(CborValue.Read(new byte[] { 0x9A, 0xFF, 0xFF, 0xFF, 0xFF })); // four thousand million elements
        Assert.Null(CborValue.Read(new byte[] { 0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })); // as many bytes
        Assert.Null(CborValue.Read((byte[])[0x9F, .. new byte[100_000], 0xFF])); // too many values
        Assert.Null(CborValue.Read(new byte[] { 0x01, 0x01 })); // more behind it
        Assert.Null(CborValue.Read(default));
    }

    [Fact]
    public void CBOR_of_the_standard_is_read()
    {
        // RFC 8949, appendix A.
        Assert.Equal(1_000_000, CborValue.Read(Convert.FromHexString("1a000f4240"))!.Number);
        Assert.Equal(-1000, CborValue.Read(Convert.FromHexString("3903e7"))!.Number);
        Assert.Equal("streaming", CborValue.Read(Convert.FromHexString("7f657374726561646d696e67ff"))!.Text);
        Assert.Equal("0102030405", Convert.ToHexStringLower(CborValue.Read(Convert.FromHexString("5f42010243030405ff"))!.Bytes!.Value.Span));
        Assert.Equal(3, CborValue.Read(Convert.FromHexString("bf61610161629f0203ffff"))!["b"]!.Items[1].Number);
        Assert.Equal(4, CborValue.Read(Convert.FromHexString("a201020304"))![3]!.Number);
    }

    [Fact]
    public void Boxes_that_nest_or_lie_about_their_length_are_refused()
    {
        byte[] box = [0, 0, 0, 8, .. "jumb"u8];
        for (var i = 0; i < 50; i++)
        {
            var length = box.Length + 8;
            box = [0, 0, (byte)(length >> 8), (byte)length, .. "jumb"u8, .. box];
        }

        Assert.Null(JumbfBox.Read(box));
        Assert.Null(JumbfBox.Read((byte[])[0, 0, 0, 7, .. "jumb"u8]));
        Assert.Null(JumbfBox.Read((byte[])[0xFF, 0, 0, 7, .. "jumb"u8]));
        Assert.Null(JumbfBox.Read((byte[])[0, 0, 0, 1, .. "jumb"u8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]));
    }

    private static async Task<Measurement> MeasureAsync(byte[] file, MediaFormat format = MediaFormat.Jpeg)
    {
        var credentials = ContentCredentials.Read(format, file);
        var check = credentials?.Binding is { } binding ? await BoundHash.CheckAsync(new MemoryStream(file), binding, default) : CredentialCheck.NotChecked;
        return TestMaterial.Measure(new ContentCredentialsSignal(), TestMaterial.Of(TestMaterial.Pack(), format: format, head: file) with { Credentials = credentials, HashCheck = check });
    }
}
