using Deepfake.Contracts;
using Deepfake.ResultService.Listing;

namespace Deepfake.ResultService.Tests.Listing;

public sealed class CsvLineTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData(null, "")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+49 30", "'+49 30")]
    [InlineData("-2", "'-2")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("＝1+1", "'＝1+1")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    [InlineData("a=1", "a=1")]
    public void Text_is_quoted_where_it_must_be_and_is_never_a_formula(string? text, string field) =>
        Assert.Equal($"{field},x\r\n", new CsvLine().Text(text).Text("x").ToString());

    [Fact]
    public void Numbers_and_times_do_not_depend_on_the_culture()
    {
        var line = new CsvLine().Number(-1234.5).Number(null).Time(new DateTimeOffset(2026, 1, 2, 5, 4, 5, TimeSpan.FromHours(2))).Name<Verdict>(Verdict.Authentic).Name<Verdict>(null);
        Assert.Equal("-1234.5,,2026-01-02T03:04:05.0000000Z,authentic,\r\n", line.ToString());
    }
}
