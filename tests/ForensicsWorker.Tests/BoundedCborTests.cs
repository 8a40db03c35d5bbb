using System.Formats.Cbor;
using Deepfake.ForensicsWorker.Credentials;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class BoundedCborTests
{
    [Fact]
    public void What_is_deep_wide_or_followed_by_more_is_refused()
    {
        Assert.Null(BoundedCbor.Open(Enumerable.Repeat((byte)0x81, 100_000).ToArray())); // arrays in arrays
        Assert.Null(BoundedCbor.Open((byte[])[.. Enumerable.Repeat((byte)0x81, 100_000), 0x00])); // the same, well formed
        Assert.Null(BoundedCbor.Open((byte[])[.. Enumerable.Repeat((byte)0x9F, 100_000), .. Enumerable.Repeat((byte)0xFF, 100_000)])); // without counts
        Assert.Null(BoundedCbor.Open((byte[])[.. Enumerable.Repeat(new byte[] { 0xA1, 0x00 }, 100_000).SelectMany(head => head), 0x00])); // maps in maps
        Assert.Null(BoundedCbor.Open((byte[])[.. Enumerable.Repeat((byte)0xC1, 100_000), 0x00])); // tags of tags
        Assert.Null(BoundedCbor.Open(new byte[] { 0x9A, 0xFF, 0xFF, 0xFF, 0xFF })); // four thousand million elements
        Assert.Null(BoundedCbor.Open(new byte[] { 0xBB, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })); // as many entries
        Assert.Null(BoundedCbor.Open(new byte[] { 0x5B, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })); // as many bytes
        Assert.Null(BoundedCbor.Open((byte[])[0x9F, .. new byte[100_000], 0xFF])); // too many values
        Assert.Null(BoundedCbor.Open(Hex("0101"))); // more behind it
        Assert.Null(BoundedCbor.Open(Hex("a2616101616102"))); // one key twice
        Assert.Null(BoundedCbor.Open(Hex("61ff"))); // no UTF-8
        Assert.Null(BoundedCbor.Open(default));
    }

    [Fact]
    public void As_deep_and_as_wide_as_allowed_is_read()
    {
        Assert.NotNull(BoundedCbor.Open((byte[])[.. Enumerable.Repeat((byte)0x81, BoundedCbor.MaxDepth), 0x00]));
        Assert.Null(BoundedCbor.Open((byte[])[.. Enumerable.Repeat((byte)0x81, BoundedCbor.MaxDepth + 1), 0x00]));
        // The array has a start and an end, and the end of the document is looked at too.
        Assert.NotNull(BoundedCbor.Open((byte[])[0x9F, .. new byte[BoundedCbor.MaxValues - 3], 0xFF]));
        Assert.Null(BoundedCbor.Open((byte[])[0x9F, .. new byte[BoundedCbor.MaxValues - 2], 0xFF]));
    }

    // RFC 8949, appendix A.
    [Theory]
    [InlineData("00 17 1818 1903e8 1a000f4240 1b000000e8d4a51000 1bffffffffffffffff c249010000000000000000 3bffffffffffffffff c349010000000000000000 20 3863 3903e7")]
    [InlineData("f90000 f98000 fb3ff199999999999a f97bff fa47c35000 fb7e37e43c8800759c f97c00 f97e00 fa7f800000 fbfff0000000000000 f4 f5 f6 f7 f0 f8ff")]
    [InlineData("c074323031332d30332d32315432303a30343a30305a c11a514b67b0 d74401020304 d818456449455446 d82076687474703a2f2f7777772e6578616d706c652e636f6d 40 4401020304 60 6161 62225c 63e6b0b4 64f0908591")]
    [InlineData("80 83010203 8301820203820405 98190102030405060708090a0b0c0d0e0f101112131415161718181819 a0 a201020304 a26161016162820203 826161a161626163 a56161614161626142616361436164614461656145")]
    [InlineData("5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 83018202039f0405ff bf61610161629f0203ffff 826161bf61626163ff bf6346756ef563416d7421ff")]
    public void Examples_of_the_standard_are_read(string examples) => Assert.All(examples.Split(' '), example => Assert.NotNull(BoundedCbor.Open(Hex(example))));

    // RFC 8949, appendix F.
    [Theory]
    [InlineData("18 19 1a 1b 1901 1a0102 1b01020304050607 38 58 78 98 9a01ff00 b8 d8 f8 f900 fa0000 fb000000")]
    [InlineData("41 61 5affffffff00 5bffffffffffffffff010203 7affffffff00 7b7fffffffffffffff010203 81 818181818181818181 8200 a1 a20102 a100 a2000000 c0")]
    [InlineData("5f4100 7f6100 9f 9f0102 bf bf01020102 819f 9f8000 9f9f9f9f9fffffffff 9f819f819f9fffffff")]
    [InlineData("1c 1d 1e 3c 3d 3e 5c 5d 5e 7c 7d 7e 9c 9d 9e bc bd be dc dd de fc fd fe f800 f801 f818 f81f")]
    [InlineData("5f00ff 5f21ff 5f6100ff 5f80ff 5fa0ff 5fc000ff 5fe0ff 7f4100ff 5f5f4100ffff 7f7f6100ffff ff 81ff 8200ff a1ff a1ff00 a100ff a20000ff 9f81ff 9f829f819f9fffffffff bf00ff bf000000ff 1f 3f df")]
    public void Examples_that_are_not_well_formed_are_refused(string examples) => Assert.All(examples.Split(' '), example => Assert.Null(BoundedCbor.Open(Hex(example))));

    [Fact]
    public void Values_are_read_by_their_type_and_skipped_where_it_is_another()
    {
        Assert.Equal(1_000_000, BoundedCbor.ReadLength(Open("1a000f4240")));
        Assert.Null(BoundedCbor.ReadLength(Open("3903e7")));
        Assert.Null(BoundedCbor.ReadLength(Open("1bffffffffffffffff")));
        Assert.Equal("streaming", BoundedCbor.ReadText(Open("7f657374726561646d696e67ff")));
        Assert.Null(BoundedCbor.ReadText(Open("01")));
        Assert.Equal("0102030405", Convert.ToHexStringLower(BoundedCbor.ReadBytes(Open("5f42010243030405ff"))!));
        Assert.Equal("http://www.example.com", BoundedCbor.ReadText(Open("d82076687474703a2f2f7777772e6578616d706c652e636f6d")));

        // {"a": 1, 2: "c", "b": [3, 4], "d": 5}
        var numbers = new List<(string, long?)>();
        BoundedCbor.ReadMap(Open("a46161010261636162820304616405"), (key, value) => numbers.Add((key, BoundedCbor.ReadLength(value))));
        Assert.Equal([("a", 1), ("b", null), ("d", 5)], numbers);
    }

    [Fact]
    public void Whatever_bytes_come_they_are_read_to_their_end_or_refused()
    {
        var heads = Gen.Elements<byte>(0x00, 0x18, 0x20, 0x40, 0x41, 0x5F, 0x61, 0x7F, 0x80, 0x82, 0x9F, 0xA0, 0xA1, 0xBF, 0xC0, 0xD2, 0xF6, 0xFF);
        Prop.ForAll(Gen.OneOf(heads, Gen.Choose(0, 255).Select(value => (byte)value)).ArrayOf().ToArbitrary(), bytes =>
        {
            ClaimSignature.Verify(bytes, default);
            Claim.Read(bytes);
            if (BoundedCbor.Open(bytes) is not { } reader) return true;
            reader.SkipValue();
            return reader.PeekState() == CborReaderState.Finished && reader.BytesRemaining == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000).WithEndSize(60));
    }

    private static CborReader Open(string hex) => BoundedCbor.Open(Hex(hex)) ?? throw new InvalidOperationException($"{hex} is refused.");

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);
}
