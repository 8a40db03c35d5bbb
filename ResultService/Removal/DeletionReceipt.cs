using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.ResultService.Removal;

/// <summary>What was removed, when and why; kept for good. Holds nothing of what was removed.</summary>
public sealed record DeletionReceipt
{
    /// <summary>Id: <c>del_</c> and what follows <c>an_</c> in the analysis' id.</summary>
    public required string Id { get; init; }

    /// <summary>The analysis.</summary>
    public required string AnalysisId { get; init; }

    /// <summary><c>request</c> or <c>retention</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>Id of the API key that asked for it; null for retention and without keys.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>When it began (UTC): from then on nobody could read it.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When nothing was left (UTC).</summary>
    public required DateTimeOffset DeletedAt { get; init; }

    /// <summary>Objects removed: medium, packs, artefacts.</summary>
    public required long ObjectCount { get; init; }

    /// <summary>Their bytes.</summary>
    public required long ObjectBytes { get; init; }

    /// <summary>Records removed, as <c>store/id</c>.</summary>
    public required IReadOnlyList<string> Records { get; init; }

    /// <summary>
    /// SHA-256, lower-case hex, over this document as it is answered, without this member: everything before <c>,"hash"</c> and a closing
    /// brace.
    /// </summary>
    public required string Hash { get; init; }

    /// <summary>The same with its hash.</summary>
    public DeletionReceipt Seal()
    {
        var document = JsonSerializer.Serialize(this with { Hash = "" }, DeepfakeJson.Options);
        var text = document[..document.LastIndexOf(",\"hash\"", StringComparison.Ordinal)] + "}";
        return this with { Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))) };
    }
}

/// <summary>Why something is removed.</summary>
public static class DeletionReasons
{
    /// <summary>A client asked for it.</summary>
    public const string Request = "request";

    /// <summary>Its time was over.</summary>
    public const string Retention = "retention";
}
