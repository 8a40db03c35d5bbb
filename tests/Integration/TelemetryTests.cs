using System.Globalization;
using System.Text.RegularExpressions;
using Deepfake.TestServers;
using Npgsql;
using StackExchange.Redis;

namespace Deepfake.Integration;

/// <summary>What a collector sees of the whole system: nothing while it is at rest, and one trace of each analysis.</summary>
public sealed partial class TelemetryTests(TelemetryTests.Story story) : IClassFixture<TelemetryTests.Story>
{
    private static readonly string[] Services = ["ForensicsWorker", "FrameService", "Gateway", "InferenceWorker", "IngestService", "ResultService"];

    [Fact]
    public void A_system_at_rest_makes_no_trace() =>
        Assert.True(story.AtRest.Count == 0, string.Join('\n', story.AtRest.Select(span => $"{span.Service} {span.Scope}: {span.Name}").Distinct()));

    [Fact]
    public void One_trace_leads_from_the_upload_to_the_verdict_through_all_services()
    {
        var traces = story.Product.Traces.TracesOf(story.AnalysisId);
        Assert.Equal(Services, Assert.Single(traces).Value.Order());

        // Nothing in it hangs in the air: every span has its parent in the trace, but for the first.
        var spans = story.Spans.Where(span => span.TraceId == traces.Keys.Single()).ToList();
        var ids = spans.Select(span => span.SpanId).ToHashSet();
        var first = Assert.Single(spans, span => !ids.Contains(span.ParentId));
        Assert.Equal(("Gateway", "POST /v1/analyses", ""), (first.Service, first.Name, first.ParentId));
    }

    [Fact]
    public void Calls_to_servers_belong_to_what_caused_them()
    {
        var trace = story.Product.Traces.TracesOf(story.AnalysisId).Keys.Single();
        var scopes = story.Spans.Where(span => span.TraceId == trace).Select(span => span.Scope).ToHashSet();
        Assert.Contains("OpenTelemetry.Instrumentation.StackExchangeRedis", scopes);
        Assert.Contains("OpenTelemetry.Instrumentation.EntityFrameworkCore", scopes);
        Assert.Contains("System.Net.Http", scopes);
        Assert.Contains("MassTransit", scopes);
    }

    [Fact]
    public void Names_of_spans_hold_no_ids() =>
        // Spans of PostgreSQL bear the name of the database, which the tests make up.
        Assert.DoesNotContain(story.Spans, span => Id().IsMatch(span.Name) && !(span.Scope.EndsWith("EntityFrameworkCore", StringComparison.Ordinal) && span.Name == story.Database));

    [Fact]
    public void Requests_are_named_by_method_and_route()
    {
        var requests = story.Spans.Where(span => span.Scope == "Microsoft.AspNetCore").Select(span => span.Name).ToHashSet();
        Assert.Superset(new HashSet<string> { "POST /v1/analyses", "GET /v1/{**rest}", "GET /v1/analyses/{id}", "GET /v1/analyses/{id}/events" }, requests);
        // The gateway's own calls to services are named by the pattern that let them in.
        Assert.Contains(story.Spans, span => span is { Service: "Gateway", Scope: "System.Net.Http", Name: "GET /v1/{**rest}" });
        Assert.Contains(story.Spans, span => span is { Service: "Gateway", Scope: "System.Net.Http", Name: "POST /v1/analyses" });
    }

    [Fact]
    public void Every_span_of_the_product_names_the_analysis()
    {
        var own = story.Spans.Where(span => span.Scope == "Deepfake").ToList();
        Assert.All(own, span => Assert.True(span.AnalysisId == story.AnalysisId, $"{span.Service}: {span.Name} names {span.AnalysisId ?? "none"}"));
        Assert.Superset(
            new HashSet<string> { "accept analysis", "extract frames", "probe", "score faces", "measure forensics", "announce", "deliver webhook" },
            own.Select(span => span.Name).ToHashSet());
        // Consumers, and requests about one analysis, on both sides of the gateway; the upload knows its own only at its end.
        Assert.All(story.Spans.Where(span => span.Scope == "MassTransit"), span => Assert.True(span.AnalysisId == story.AnalysisId, $"{span.Service}: {span.Name}"));
        Assert.All(
            story.Spans.Where(span => span.Scope == "Microsoft.AspNetCore" && span.Attributes["url.path"].StartsWith("/v1/analyses", StringComparison.Ordinal)),
            span => Assert.Equal(story.AnalysisId, span.AnalysisId));
    }

    [Fact]
    public void A_webhook_is_a_trace_of_its_own_that_leads_to_the_upload()
    {
        var notice = Assert.Single(story.Spans, span => span.Name == "deliver webhook");
        Assert.Equal("", notice.ParentId);
        Assert.Equal(story.Product.Traces.TracesOf(story.AnalysisId).Keys, notice.Links);
    }

    [Fact]
    public Task Log_lines_name_the_analysis() =>
        Eventually.TrueAsync(() => story.Product.Traces.LinesAbout(story.AnalysisId).Contains("ResultService"), "lines of the webhook's delivery come", seconds: 60);

    // Ids of analyses and uploads, hashes, numbers of several digits.
    [GeneratedRegex("(an|up|ba|we|msg)_[0-9a-z]{6}|[0-9a-f]{16}|[0-9]{5}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Id();

    /// <summary>The system starts, rests for many of its own intervals while it is probed from outside, and analyses one medium.</summary>
    public sealed class Story : IAsyncLifetime
    {
        private const int Probes = 10;

        internal WholeSystem Product { get; private set; } = null!;

        internal IReadOnlyList<Span> AtRest { get; private set; } = [];

        internal IReadOnlyList<Span> Spans { get; private set; } = [];

        internal string AnalysisId { get; private set; } = "";

        internal string? Database => new NpgsqlConnectionStringBuilder(Product.History).Database;

        public async Task InitializeAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(5));
            Product = await WholeSystem.StartAsync(
                ("Gateway__HealthInterval", "00:00:01"), ("Results__SweepInterval", "00:00:01"), ("Results__JanitorInterval", "00:00:02"),
                ("Results__RetentionInterval", "00:00:02"), ("Ingest__ExpiryInterval", "00:00:02"));
            await RestAsync(patience.Token);
            AtRest = Product.Traces.Spans;
            await AnalyseAsync(patience.Token);
            Spans = Product.Traces.Spans;
        }

        public async Task DisposeAsync() => await Product.DisposeAsync();

        /// <summary>Until every service was probed many times, and the polls of all of them were seen by the servers that they ask.</summary>
        private async Task RestAsync(CancellationToken cancellationToken)
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(Product.Cache + ",allowAdmin=true");
            await using var postgres = new NpgsqlConnection(Product.History);
            await postgres.OpenAsync(cancellationToken);
            var (commands, transactions) = (await CommandsAsync(redis), await TransactionsAsync(postgres, cancellationToken));
            using var http = new HttpClient();
            for (var i = 0; i < Probes; i++)
            {
                foreach (var service in Product.Services)
                {
                    foreach (var path in (string[])["/health", "/alive"])
                    {
                        using var answer = await http.GetAsync(new Uri(service.Address, path), cancellationToken);
                        answer.EnsureSuccessStatusCode();
                    }
                }

                // The longest interval is that of two seconds.
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }

            while (await CommandsAsync(redis) < commands + 200 || await TransactionsAsync(postgres, cancellationToken) < transactions + 200) await Task.Delay(200, cancellationToken);
            // What is recorded is sent every half second.
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        }

        private async Task AnalyseAsync(CancellationToken cancellationToken)
        {
            using var media = new TestMedia();
            using var client = new ApiClient(Product.Gateway.Address, Product.Key);
            await client.AddWebhookAsync(Product.Receiver.Prompt, WholeSystem.WebhookSecret, cancellationToken);
            AnalysisId = await client.SubmitAsync(await media.FilmAsync(seconds: 2), cancellationToken);
            while (await client.FindAsync(AnalysisId, cancellationToken) is not { CompletedAt: not null }) await Task.Delay(200, cancellationToken);
            await client.ReadEventsAsync(AnalysisId, cancellationToken);

            // All of it is there when the last services have sent what they did, and the notice has gone out.
            while (!IsComplete()) await Task.Delay(200, cancellationToken);
        }

        private bool IsComplete()
        {
            var traces = Product.Traces.TracesOf(AnalysisId);
            return traces.Count > 0 && traces.Values.First().Count == Services.Length
                && Product.Traces.Spans is var spans
                && spans.Any(span => span.Name == "deliver webhook") && spans.Any(span => span.Name == "announce")
                && spans.Where(span => span.TraceId == traces.Keys.First()).ToList() is var trace
                && trace.Count(span => !trace.Any(other => other.SpanId == span.ParentId)) == 1
                && trace.Any(span => span.Scope.EndsWith("StackExchangeRedis", StringComparison.Ordinal));
        }

        private static async Task<long> CommandsAsync(ConnectionMultiplexer redis)
        {
            var info = await redis.GetServer(redis.GetEndPoints()[0]).InfoAsync("stats");
            return long.Parse(info.SelectMany(section => section).First(pair => pair.Key == "total_commands_processed").Value, CultureInfo.InvariantCulture);
        }

        private static async Task<long> TransactionsAsync(NpgsqlConnection postgres, CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()", postgres);
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }
}
