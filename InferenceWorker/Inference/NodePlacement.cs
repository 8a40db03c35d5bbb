using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Where the nodes of a network ran, by the runtime's own profile of a run. What was asked for does not say it: nodes that a provider cannot
/// take are left to the CPU in silence.
/// </summary>
/// <param name="Nodes">Nodes by provider: <c>cuda</c>, <c>cpu</c> or another one's name.</param>
internal sealed record NodePlacement(IReadOnlyDictionary<string, int> Nodes)
{
    private const string Suffix = "ExecutionProvider";

    /// <summary>The provider that ran most of them.</summary>
    public string Main => Nodes.MaxBy(provider => provider.Value).Key;

    /// <summary>Has the session write a profile, until <see cref="Read"/>.</summary>
    public static void Prepare(SessionOptions options)
    {
        options.ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), $"deepfake-placement-{Guid.NewGuid():n}");
        options.EnableProfiling = true;
    }

    /// <summary>Reads what ran since the session began, and ends its profile.</summary>
    /// <exception cref="InvalidDataException">The profile names no node.</exception>
    public static NodePlacement Read(InferenceSession session)
    {
        var file = session.EndProfiling();
        try
        {
            return Parse(File.ReadAllBytes(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Reads a profile, a JSON array of trace events.</summary>
    /// <exception cref="InvalidDataException">It names no node.</exception>
    internal static NodePlacement Parse(ReadOnlyMemory<byte> profile)
    {
        using var events = JsonDocument.Parse(profile, new JsonDocumentOptions { AllowTrailingCommas = true });
        var nodes = new HashSet<(string Node, string Provider)>();
        foreach (var happened in events.RootElement.EnumerateArray())
        {
            if (!happened.TryGetProperty("args", out var arguments) || !arguments.TryGetProperty("provider", out var provider)) continue;
            nodes.Add((happened.GetProperty("name").GetString()!, Name(provider.GetString()!)));
        }

        if (nodes.Count == 0) throw new InvalidDataException("The runtime does not say where the network ran.");
        return new NodePlacement(nodes.GroupBy(node => node.Provider).ToDictionary(group => group.Key, group => group.Count()));
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Nodes.OrderByDescending(provider => provider.Value).Select(provider => $"{provider.Value} nodes on {provider.Key}"));

    private static string Name(string provider) => (provider.EndsWith(Suffix, StringComparison.Ordinal) ? provider[..^Suffix.Length] : provider).ToLowerInvariant();
}
