using System.Net.Http.Headers;
using System.Text;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class OptionTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");

    private static readonly (string Name, string Value)[] All =
    [
        ("lane", "batch"), ("webhook", "we_0123456789abcdef"), ("profile", "strict"), ("heat_maps", "false"), ("retention", "P30DT1H"), ("reference", "post/42 ü"),
        ("metadata", """{"case":"7","author":"Ünal"}"""),
    ];

    private IngestHost _host = null!;

    public async Task InitializeAsync() => _host = await IngestHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Options_are_recorded_and_what_the_client_named_comes_back(bool asForm)
    {
        using var response = await PostAsync(asForm, All);

        var analysis = await Answers.IsAcceptedAsync(response);
        Assert.Equal("post/42 ü", analysis.Reference);
        Assert.Equal(new Dictionary<string, string> { ["author"] = "Ünal", ["case"] = "7" }, analysis.Metadata);
        Assert.Equal(new AnalysisOptions { Profile = ThresholdProfile.Strict, HeatMaps = false }, analysis.Options);
        var record = (await _host.Analyses.FindAsync("default", analysis.Id, CancellationToken.None))!.Record;
        Assert.Equal((Lane.Batch, "we_0123456789abcdef", null), (record.Lane, record.WebhookEndpointId, record.WebhookUrl));
        Assert.Equal((analysis.Reference, analysis.Options, new TimeSpan(30, 1, 0, 0)), (record.Reference, record.Options, record.Retention));
        Assert.Equal(analysis.Metadata, record.Metadata);
    }

    [Fact]
    public async Task Without_options_the_answer_says_what_holds()
    {
        var analysis = await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?reference=&metadata=&profile="));

        Assert.Null(analysis.Reference);
        Assert.Empty(analysis.Metadata);
        Assert.Equal(new AnalysisOptions(), analysis.Options);
        Assert.Null((await _host.Analyses.FindAsync(analysis.Id, CancellationToken.None))!.Record.Retention);
    }

    [Fact]
    public async Task A_webhook_may_be_an_address()
    {
        var analysis = await Answers.IsAcceptedAsync(await _host.PostRawAsync(Jpeg, "?webhook=https%3A%2F%2Fexample.org%2Fhook"));

        var record = (await _host.Analyses.FindAsync(analysis.Id, CancellationToken.None))!.Record;
        Assert.Equal(("https://example.org/hook", null), (record.WebhookUrl, record.WebhookEndpointId));
    }

    [Theory]
    [InlineData("profile", "Strict")]
    [InlineData("heat_maps", "yes")]
    [InlineData("webhook", "we_short")]
    [InlineData("webhook", "ftp://example.org/")]
    [InlineData("retention", "30")]
    [InlineData("retention", "-P1D")]
    [InlineData("retention", "P3651D")]
    [InlineData("retention", "P99999999999D")]
    [InlineData("reference", "a\nb")]
    [InlineData("reference", "x*201")]
    [InlineData("metadata", "[]")]
    [InlineData("metadata", "{")]
    [InlineData("metadata", "{\"a\":1}")]
    [InlineData("metadata", "{\"\":\"x\"}")]
    [InlineData("metadata", "{\"a\":\"x\",\"a\":\"y\"}")]
    [InlineData("metadata", "{\"a\":\"\\ud800\"}")]
    [InlineData("metadata", "{\"a\\u0000\":\"x\"}")]
    public async Task A_value_that_is_not_allowed_leaves_nothing(string name, string value)
    {
        if (value == "x*201") value = new string('x', 201);
        foreach (var asForm in new[] { false, true })
        {
            using var response = await PostAsync(asForm, (name, value));

            var problem = await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
            Assert.StartsWith(name == "webhook" ? "A webhook" : name, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData(16, 64, 512, 202)]
    [InlineData(17, 64, 512, 400)]
    [InlineData(16, 65, 512, 400)]
    [InlineData(16, 64, 513, 400)]
    public async Task Metadata_is_a_small_map(int entries, int name, int value, int status)
    {
        var map = Enumerable.Range(0, entries).Select(i => $"\"{i.ToString().PadLeft(name, 'n')}\":\"{new string('v', value)}\"");
        using var response = await PostAsync(asForm: true, ("metadata", $"{{{string.Join(',', map)}}}"));

        Assert.Equal(status, (int)response.StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(bool asForm, params (string Name, string Value)[] fields)
    {
        if (!asForm) return _host.PostRawAsync(Jpeg, "?" + string.Join('&', fields.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}")));
        var form = new MultipartFormDataContent();
        foreach (var (name, value) in fields) form.Add(new ByteArrayContent(Encoding.UTF8.GetBytes(value)), name);
        var file = new ByteArrayContent(Jpeg);
        file.Headers.ContentType = MediaTypeHeaderValue.Parse("image/jpeg");
        form.Add(file, "file", "a.jpg");
        return _host.Client.PostAsync("/v1/analyses", form);
    }
}
