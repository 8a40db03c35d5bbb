using System.Globalization;
using Deepfake.Infrastructure.Documents;

namespace Deepfake.ResultService.Versions;

/// <summary>How many versions a medium has; its document has the id of the first analysis.</summary>
public sealed record VersionCounter
{
    /// <summary>Number of the latest version, from 2: the first has no document.</summary>
    public required int Latest { get; init; }
}

/// <summary>
/// Numbers the analyses of one stored medium. The first is the analysis as it was submitted; version <c>n</c> is an analysis of its own with
/// the id <c>FIRST_vN</c>, so that a number says which analysis it is, and each has one final result.
/// </summary>
public sealed class VersionBook(IDocumentStore<VersionCounter> counters)
{
    /// <summary>Id of a version.</summary>
    public static string IdOf(string first, int version) => version == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}_v{version}");

    /// <summary>Number of the latest version; 1 if the medium was analysed once.</summary>
    public async Task<int> FindLatestAsync(string tenant, string first, CancellationToken cancellationToken) =>
        await counters.FindAsync(tenant, first, cancellationToken) is { } counter ? counter.Value.Latest : 1;

    /// <summary>Ids of all versions, the first one first.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string tenant, string first, CancellationToken cancellationToken) =>
        [.. Enumerable.Range(1, await FindLatestAsync(tenant, first, cancellationToken)).Select(version => IdOf(first, version))];

    /// <summary>Takes the next number.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="first">The first analysis.</param>
    /// <param name="version">One more than the latest.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False if somebody else took it.</returns>
    public async Task<bool> TryTakeAsync(string tenant, string first, int version, CancellationToken cancellationToken)
    {
        var next = new VersionCounter { Latest = version };
        if (await counters.FindAsync(tenant, first, cancellationToken) is not { } counter)
            return version == 2 && await counters.TryAddAsync(new Document<VersionCounter>(tenant, first, next), cancellationToken);
        return counter.Value.Latest == version - 1 && await counters.TryUpdateAsync(counter with { Value = next }, cancellationToken);
    }

    /// <summary>Removes the count of a medium that is removed.</summary>
    public Task ForgetAsync(string tenant, string first, CancellationToken cancellationToken) => counters.TryDeleteAsync(tenant, first, null, cancellationToken);
}
