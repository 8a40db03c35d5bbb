using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.TestServers;

/// <summary>Takes OTLP over HTTP, as any collector does, and keeps the spans, and which analyses log lines name.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private readonly ConcurrentQueue<Span> _spans = new();
    private readonly ConcurrentDictionary<(string AnalysisId, string Service), bool> _lines = new();
    private readonly WebApplication _app;

    private TraceCollector(WebApplication app) => _app = app;

    /// <summary>As <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public string Address => _app.Urls.First();

    /// <summary>Everything that came so far.</summary>
    public IReadOnlyList<Span> Spans => [.. _spans];

    /// <summary>Starts it on a free loopback port.</summary>
    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new TraceCollector(app);
        app.MapPost("/v1/traces", collector.TakeSpansAsync);
        app.MapPost("/v1/logs", collector.TakeLogsAsync);
        app.MapPost("/v1/{other}", () => Results.Ok());
        await app.StartAsync();
        return collector;
    }

    /// <summary>
    /// Trace ids in which stages of an analysis were seen, each with the services that sent them. Requests that ask for it and webhooks
    /// that tell of it have traces of their own.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyCollection<string>> TracesOf(string analysisId)
    {
        var spans = Spans;
        return spans.Where(span => span.Scope == "Deepfake" && span.AnalysisId == analysisId && span.Links.Count == 0).Select(span => span.TraceId).Distinct()
            .ToDictionary(trace => trace, IReadOnlyCollection<string> (trace) => spans.Where(span => span.TraceId == trace).Select(span => span.Service).ToHashSet());
    }

    /// <summary>Number of spans of a trace, whatever they say they are about, by the service that sent them.</summary>
    public IReadOnlyDictionary<string, int> SpansOf(string traceId) => Spans.Where(span => span.TraceId == traceId).CountBy(span => span.Service).ToDictionary();

    /// <summary>Services that wrote log lines about an analysis.</summary>
    public IReadOnlyCollection<string> LinesAbout(string analysisId) => [.. _lines.Keys.Where(line => line.AnalysisId == analysisId).Select(line => line.Service)];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeSpansAsync(HttpRequest request)
    {
        await foreach (var (service, scope, fields) in ReadAsync(request))
        {
            _spans.Enqueue(new Span(
                Hex(fields, 1), Hex(fields, 2), Hex(fields, 4), fields.First(field => field.Number == 5).Text, service, scope,
                Attributes(fields, number: 9).ToDictionary(attribute => attribute.Key, attribute => attribute.Value),
                [.. fields.Where(field => field.Number == 13).Select(link => Hex(ProtobufField.Read(link.Bytes), 1))]));
        }

        return Results.Bytes(Array.Empty<byte>(), "application/x-protobuf");
    }

    private async Task<IResult> TakeLogsAsync(HttpRequest request)
    {
        await foreach (var (service, _, fields) in ReadAsync(request))
        {
            foreach (var (_, analysis) in Attributes(fields, number: 6).Where(attribute => attribute.Key == Span.AnalysisTag)) _lines[(analysis, service)] = true;
        }

        return Results.Bytes(Array.Empty<byte>(), "application/x-protobuf");
    }

    // Traces and logs are built alike: resource { attributes = 1 } = 1, and in each scope { name = 1 } = 1 the items = 2.
    private static async IAsyncEnumerable<(string Service, string Scope, List<ProtobufField> Fields)> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        foreach (var resource in ProtobufField.Read(body.ToArray()).Where(field => field.Number == 1).Select(field => ProtobufField.Read(field.Bytes)))
        {
            var service = resource.Where(field => field.Number == 1).SelectMany(field => Attributes(ProtobufField.Read(field.Bytes), number: 1))
                .FirstOrDefault(attribute => attribute.Key == "service.name").Value ?? "?";
            foreach (var scope in resource.Where(field => field.Number == 2).Select(field => ProtobufField.Read(field.Bytes)))
            {
                var name = scope.Where(field => field.Number == 1).SelectMany(field => ProtobufField.Read(field.Bytes)).FirstOrDefault(field => field.Number == 1).Text;
                foreach (var item in scope.Where(field => field.Number == 2)) yield return (service, name, ProtobufField.Read(item.Bytes));
            }
        }
    }

    private static string Hex(IEnumerable<ProtobufField> message, int number) => Convert.ToHexStringLower(message.FirstOrDefault(field => field.Number == number).Bytes.Span);

    // KeyValue { key = 1; AnyValue value = 2 { string_value = 1 } }
    private static IEnumerable<(string Key, string Value)> Attributes(IEnumerable<ProtobufField> message, int number) =>
        from field in message
        where field.Number == number
        let pair = ProtobufField.Read(field.Bytes)
        let value = pair.Where(part => part.Number == 2).SelectMany(part => ProtobufField.Read(part.Bytes)).FirstOrDefault(part => part.Number == 1)
        select (pair.First(part => part.Number == 1).Text, value.Text);
}

/// <summary>One field of a protobuf message; only length-delimited ones have bytes.</summary>
internal readonly record struct ProtobufField(int Number, ReadOnlyMemory<byte> Bytes)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes.Span);

    public static List<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        var fields = new List<ProtobufField>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message.Span, ref at);
            var bytes = ReadOnlyMemory<byte>.Empty;
            switch (tag & 7)
            {
                case 0: Varint(message.Span, ref at); break;
                case 1: at += 8; break;
                case 2:
                    var length = (int)Varint(message.Span, ref at);
                    bytes = message.Slice(at, length);
                    at += length;
                    break;
                case 5: at += 4; break;
                default: throw new InvalidDataException($"Wire type {tag & 7}.");
            }

            fields.Add(new ProtobufField((int)(tag >> 3), bytes));
        }

        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
    }
}
