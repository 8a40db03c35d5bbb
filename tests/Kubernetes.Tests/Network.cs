using System.Net;
using System.Text.Json.Nodes;

namespace Deepfake.Kubernetes.Tests;

/// <summary>One end of a connection: a pod, or an address outside.</summary>
/// <param name="Pod">Labels of the pod; null for what is none.</param>
/// <param name="Space">Labels of its namespace; null for that of the product.</param>
/// <param name="Ports">Its ports by name.</param>
/// <param name="Address">Where policies may find it by address. Some networks do so for pods as well.</param>
internal sealed record End(
    IReadOnlyDictionary<string, string>? Pod, IReadOnlyDictionary<string, string>? Space, IReadOnlyDictionary<string, int> Ports, IPAddress? Address)
{
    private static readonly IReadOnlyDictionary<string, int> NoPorts = new Dictionary<string, int>();

    /// <summary>A pod of the product.</summary>
    public static End Of(Workload workload, IPAddress? address = null) => new(workload.Labels, null, workload.Ports, address);

    /// <summary>A pod of a namespace with labels.</summary>
    public static End In(params (string Key, string Value)[] labels) =>
        new(new Dictionary<string, string>(), labels.ToDictionary(label => label.Key, label => label.Value), NoPorts, null);

    /// <summary>An address.</summary>
    public static End At(string address) => new(null, null, NoPorts, IPAddress.Parse(address));
}

/// <summary>
/// Who may connect to whom by the NetworkPolicies (networking.k8s.io/v1): what none of them selects is open, what one selects is closed but
/// for their rules.
/// </summary>
internal sealed class Network(Cluster cluster)
{
    private readonly IReadOnlyList<JsonObject> _policies = [.. cluster.Kind("NetworkPolicy")];

    /// <summary>Whether both ends allow it.</summary>
    public bool Connects(End from, End to, int port, string protocol = "TCP") =>
        Allows(from, "Egress", to, to, port, protocol) && Allows(to, "Ingress", from, to, port, protocol);

    private bool Allows(End subject, string direction, End other, End server, int port, string protocol)
    {
        // The policies are those of the product's namespace.
        if (subject.Pod is null || subject.Space is not null) return true;
        var selecting = _policies
            .Where(policy => policy.Texts("spec/policyTypes").Contains(direction) && Selects(policy.At("spec/podSelector"), subject.Pod)).ToList();
        var (rules, peers) = direction == "Egress" ? ("spec/egress", "to") : ("spec/ingress", "from");
        return selecting.Count == 0 || selecting.SelectMany(policy => policy.List(rules)).Any(rule =>
            (rule.At(peers) is null || rule.List(peers).Any(peer => IsPeer(peer, other))) &&
            (rule.At("ports") is null || rule.List("ports").Any(entry => IsPort(entry, server, port, protocol))));
    }

    private static bool IsPeer(JsonObject peer, End end)
    {
        if (peer.At("ipBlock") is { } block)
        {
            return end.Address is { } address && IPNetwork.Parse(block.Text("cidr")!).Contains(address)
                && !block.Texts("except").Any(part => IPNetwork.Parse(part).Contains(address));
        }

        if (end.Pod is null || (peer.At("podSelector") is { } pods && !Selects(pods, end.Pod))) return false;
        return peer.At("namespaceSelector") is { } spaces
            ? Selects(spaces, end.Space ?? new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "deepfake" })
            : end.Space is null;
    }

    private static bool IsPort(JsonObject entry, End server, int port, string protocol) =>
        (entry.Text("protocol") ?? "TCP") == protocol
        && (entry.Text("port") is not { } named || (server.Ports.TryGetValue(named, out var number) ? number == port : named == $"{port}"));

    /// <summary>Whether a label selector takes labels. An empty one takes all.</summary>
    public static bool Selects(JsonNode? selector, IReadOnlyDictionary<string, string> labels) =>
        selector.Map("matchLabels").All(label => labels.GetValueOrDefault(label.Key) == label.Value) &&
        selector.List("matchExpressions").All(expression => (expression.Text("operator"), labels.GetValueOrDefault(expression.Text("key")!)) switch
        {
            ("In", var value) => value is not null && expression.Texts("values").Contains(value),
            ("NotIn", var value) => value is null || !expression.Texts("values").Contains(value),
            ("Exists", var value) => value is not null,
            ("DoesNotExist", var value) => value is null,
            var (unknown, _) => throw new InvalidDataException($"The operator '{unknown}' is unknown."),
        });
}
