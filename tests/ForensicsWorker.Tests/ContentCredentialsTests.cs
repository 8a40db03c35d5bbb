using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Credentials;
using Deepfake.ForensicsWorker.Signals;
using FsCheck;
using FsCheck.Fluent;
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
    public void Damaged_and_hostile_manifests_do_no_harm()
    {
        var file = ManifestBuilder.Jpeg(Picture, segment: 400);
        var carrier = ManifestCarrier.Find(MediaFormat.Jpeg, file)!;
        for (var length = 0; length < carrier.End; length += 7) ContentCredentials.Read(MediaFormat.Jpeg, file.AsMemory(0, length));
        // Heads that begin something long, deep or endless come up more often than chance has them.
        var values = Gen.OneOf(Gen.Choose(0, 255), Gen.Elements(0x5B, 0x5F, 0x7F, 0x81, 0x9B, 0x9F, 0xA1, 0xBB, 0xBF, 0xC1, 0xD2, 0xFF));
        var changes = (from at in Gen.Choose((int)carrier.Start, (int)carrier.End - 1) from value in values select (at, (byte)value)).ListOf();
        Prop.ForAll(changes.ToArbitrary(), list =>
        {
            var damaged = (byte[])file.Clone();
            foreach (var (at, value) in list) damaged[at] = value;
            var result = MeasureAsync(damaged).GetAwaiter().GetResult();
            return result.Raw is null or (>= 0 and <= 1);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(20));
    }

    [Fact]
    public void An_intact_manifest_does_not_hold_after_any_change_of_claim_or_picture()
    {
        var file = ManifestBuilder.Jpeg(Picture);
        var carrier = ManifestCarrier.Find(MediaFormat.Jpeg, file)!;
        var claim = file.AsSpan().IndexOf("claim_generator"u8);
        var covered = Gen.OneOf(Gen.Choose(claim, claim + 100), Gen.Choose((int)carrier.End, file.Length - 1));
        Prop.ForAll((from at in covered from bits in Gen.Choose(1, 255) select (at, bits)).ToArbitrary(), change =>
        {
            var changed = (byte[])file.Clone();
            changed[change.at] ^= (byte)change.bits;
            return MeasureAsync(changed).GetAwaiter().GetResult().Raw != 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
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
