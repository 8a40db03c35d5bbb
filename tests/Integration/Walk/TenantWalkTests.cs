using System.Net;

namespace Deepfake.Integration.Walk;

/// <summary>Walks every operation that the product describes with every key that is not enough for it.</summary>
public sealed class TenantWalkTests(Premises premises) : IClassFixture<Premises>
{
    /// <summary>What needs no key: exchanging one for a session, and ending it.</summary>
    private static readonly string[] Open = ["POST /v1/session", "DELETE /v1/session"];

    /// <summary>What any key may do.</summary>
    private static readonly string[] WithoutScope = ["GET /v1/me"];

    /// <summary>What the owner's own read may not find: a net that draws no heat map, an address that speaks another protocol.</summary>
    private static readonly string[] NotForEverybody = ["GET /v1/analyses/{id}/faces/{trackId}/heatmap", "GET /v1/analyses/{id}/ws"];

    /// <summary>What changes by itself: the last use of a key, the time at which a report is written, tries of deliveries.</summary>
    private static readonly string[] Moving = ["GET /v1/keys/{id}", "GET /v1/analyses/{id}/report", "GET /v1/analyses/{id}/report.json", "GET /v1/webhooks/{webhookId}/deliveries", "GET /v1/webhooks/deliveries/{deliveryId}"];

    [Fact]
    public async Task Another_tenant_finds_nothing_of_what_there_is_and_changes_nothing()
    {
        var stranger = await premises.NewClientAsync("stranger", Premises.TenantScopes);
        var before = await ReadAsOwnerAsync();

        var open = new List<string>();
        foreach (var operation in premises.Operations.Where(operation => operation.NamesSomething))
        {
            using var response = await stranger.SendAsync(premises.Request(operation));
            if (response.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.Forbidden)) open.Add($"{operation}: {(int)response.StatusCode}");
        }

        foreach (var operation in premises.Operations.Where(operation => !operation.NamesSomething && operation.Method == "GET"))
        {
            using var response = await stranger.GetAsync(operation.Path);
            // What belongs to the installation is not shown to tenants at all.
            if (response.StatusCode != (operation.Scope == "operator" ? HttpStatusCode.Forbidden : HttpStatusCode.OK)) open.Add($"{operation}: {(int)response.StatusCode}");
            var text = await response.Content.ReadAsStringAsync();
            open.AddRange(premises.Things.Where(thing => text.Contains(thing, StringComparison.Ordinal)).Select(thing => $"{operation}: {thing}"));
        }

        Assert.Empty(open);
        var after = await ReadAsOwnerAsync();
        Assert.Empty(before.Where(read => after[read.Key] != read.Value).Select(read => read.Key).Except(Moving));
    }

    [Fact]
    public async Task Without_a_key_nothing_answers()
    {
        var nobody = premises.Client(null);
        var open = new List<string>();
        foreach (var operation in premises.Operations)
        {
            using var response = await nobody.SendAsync(premises.Request(operation));
            if (Open.Contains(operation.ToString())) continue;
            if (response.StatusCode != HttpStatusCode.Unauthorized || !operation.AsksForKey) open.Add($"{operation}: {(int)response.StatusCode}");
        }

        Assert.Empty(open);
    }

    [Fact]
    public async Task Every_scope_is_asked_for_and_no_other_does_instead()
    {
        var open = new List<string>();
        foreach (var group in premises.Operations.GroupBy(operation => operation.Scope))
        {
            if (group.Key is null)
            {
                open.AddRange(group.Select(operation => operation.ToString()).Except([.. Open, .. WithoutScope]).Select(operation => $"{operation} asks for no scope"));
                continue;
            }

            var client = await premises.NewClientAsync("owner", [.. Premises.TenantScopes.Append("operator").Where(scope => scope != group.Key)]);
            foreach (var operation in group)
            {
                using var response = await client.SendAsync(premises.Request(operation));
                if (response.StatusCode != HttpStatusCode.Forbidden) open.Add($"{operation} without {group.Key}: {(int)response.StatusCode}");
            }
        }

        Assert.Empty(open);
    }

    /// <summary>What the owner reads of each thing: it is there, so that not finding it means something, and stays as it is.</summary>
    private async Task<IReadOnlyDictionary<string, string>> ReadAsOwnerAsync()
    {
        var read = new Dictionary<string, string>();
        foreach (var operation in premises.Operations.Where(operation => operation is { NamesSomething: true, Method: "GET" } && !NotForEverybody.Contains(operation.ToString())))
        {
            using var response = await premises.Owner.SendAsync(premises.Request(operation));
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, $"The owner's {operation}: {(int)response.StatusCode} {text}");
            read[operation.ToString()] = text;
        }

        return read;
    }
}
