using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.TestServers;

/// <summary>Takes OTLP over HTTP, as any collector does, and keeps which trace each analysis was seen in, and who sent how many spans of a trace.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private const string AnalysisTag = "deepfake.analysis.id";
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, ConcurrentDictionary<string, bool>>> _traces = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, int>> _spans = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private TraceCollector(WebApplication app) => _app = app;

    /// <summary>As <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>.</summary>
    public string Address => _app.Urls.First();

    /// <summary>Starts it on a free loopback port.</summary>
    public static async Task<TraceCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new TraceCollector(app);
        app.MapPost("/v1/traces", collector.TakeAsync);
        app.MapPost("/v1/{other}", () => Results.Ok());
        await app.StartAsync();
        return collector;
    }

    /// <summary>Trace ids in which spans of an analysis were seen, each with the services that sent them.</summary>
    public IReadOnlyDictionary<string, ICollection<string>> TracesOf(string analysisId) =>
        _traces.TryGetValue(analysisId, out var traces) ? traces.ToDictionary(trace => trace.Key, trace => trace.Value.Keys) : new Dictionary<string, ICollection<string>>();

    /// <summary>Number of spans of a trace, whatever they say they are about, by the service that sent them.</summary>
    public IReadOnlyDictionary<string, int> SpansOf(string traceId) => _spans.TryGetValue(traceId, out var spans) ? spans : new Dictionary<string, int>();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        foreach (var resource in ProtobufField.Read(body.ToArray()).Where(field => field.Number == 1).Select(field => ProtobufField.Read(field.Bytes)))
        {
            var service = resource.Where(field => field.Number == 1).SelectMany(field => Attributes(ProtobufField.Read(field.Bytes), number: 1))
                .FirstOrDefault(attribute => attribute.Key == "service.name").Value ?? "?";
            var spans = resource.Where(field => field.Number == 2).SelectMany(scope => ProtobufField.Read(scope.Bytes)).Where(field => field.Number == 2);
            foreach (var span in spans.Select(field => ProtobufField.Read(field.Bytes)))
            {
                var trace = Convert.ToHexStringLower(span.First(field => field.Number == 1).Bytes.Span);
                _spans.GetOrAdd(trace, _ => new(StringComparer.Ordinal)).AddOrUpdate(service, 1, (_, count) => count + 1);
                foreach (var (_, analysis) in Attributes(span, number: 9).Where(attribute => attribute.Key == AnalysisTag))
                    _traces.GetOrAdd(analysis, _ => new(StringComparer.Ordinal)).GetOrAdd(trace, _ => new(StringComparer.Ordinal))[service] = true;
            }
        }

        return Results.Bytes(Array.Empty<byte>(), "application/x-protobuf");
    }

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
