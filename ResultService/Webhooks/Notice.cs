using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Bodies of notices: <c>type</c>, <c>timestamp</c> of the event, <c>data</c>.</summary>
public static class Notice
{
    /// <summary>Value of <c>webhook-id</c> for the end of an analysis.</summary>
    public static string MessageId(string analysisId) => "msg_" + analysisId;

    /// <summary>The end of an analysis; the final record as <c>data</c>.</summary>
    public static byte[] Of(Analysis analysis) => Write(EventTypes.Of(analysis.Status), analysis.CompletedAt, analysis);

    /// <summary>A test.</summary>
    public static byte[] OfTest(string endpointId, DateTimeOffset at) => Write(EventTypes.Test, at, new { EndpointId = endpointId, Message = "It works." });

    private static byte[] Write<T>(string type, DateTimeOffset? at, T data) =>
        JsonSerializer.SerializeToUtf8Bytes(new { Type = type, Timestamp = at, Data = data }, DeepfakeJson.Options);
}
