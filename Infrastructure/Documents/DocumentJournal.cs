using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Journals;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Documents;

/// <summary>The documents of an embedded host, all kinds in one journal on disk; names, versions and due times in memory.</summary>
internal sealed class DocumentJournal : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DocumentIndex> _kinds = [];
    private readonly JournalFile _journal;

    /// <summary>Opens or creates the journal at a path and reads it.</summary>
    /// <exception cref="IOException">The disk fails or another process has it open.</exception>
    public DocumentJournal(string path, TimeProvider time, ILogger<DocumentJournal> logger)
    {
        _journal = new JournalFile(path, time, logger);
        _journal.Replay((json, place) =>
        {
            var line = DocumentLine.Parse(json);
            Index(line.Kind).Put(line, place, Task.CompletedTask);
        });
        _journal.Start();
    }

    /// <summary>Why the journal takes no more records; null while it does.</summary>
    public Exception? Fault => _journal.Fault;

    /// <summary>The file, for tests of what happens when it is written anew.</summary>
    internal JournalFile Journal => _journal;

    /// <summary>Decides on a change by what is stored, and enters it into index and journal in one step; waits until it is on the disk.</summary>
    /// <param name="kind">Kind of the document.</param>
    /// <param name="tenant">Its owner.</param>
    /// <param name="id">Its id.</param>
    /// <param name="decide">Called under the lock with what is stored; null for no change.</param>
    /// <param name="cancellationToken">Only ends the wait: what is queued will be written.</param>
    /// <returns>False if there was nothing to change.</returns>
    public async Task<bool> WriteAsync(string kind, string tenant, string id, Func<DocumentSlot?, DocumentLine?> decide, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task durable;
        bool changed;
        lock (_gate)
        {
            var index = Index(kind);
            var stored = index.Find(tenant, id);
            if (decide(stored) is { } line)
            {
                (var place, durable) = _journal.Append(line.ToJson());
                index.Put(line, place, durable);
                if (line.Version == 0) _journal.Erase();
                changed = true;
            }
            else
            {
                // Whoever loses a race may act on it: not before the winner's line is safe.
                (durable, changed) = (stored?.Durable ?? Task.CompletedTask, false);
            }
        }

        await durable.WaitAsync(cancellationToken);
        return changed;
    }

    /// <summary>Finds slots and reads their lines.</summary>
    public async Task<IReadOnlyList<DocumentLine>> ReadAsync(string kind, Func<DocumentIndex, IEnumerable<DocumentSlot>> query, CancellationToken cancellationToken)
    {
        for (; ; )
        {
            List<DocumentSlot> slots;
            lock (_gate) slots = [.. query(Index(kind))];
            // A line that was replaced and has left the file meanwhile: what is stored now may not even fit the query.
            if (await ReadAsync(slots, cancellationToken) is { } lines) return lines;
        }
    }

    /// <summary>Writes what is queued and closes the journal.</summary>
    public void Dispose() => _journal.Dispose();

    private DocumentIndex Index(string kind)
    {
        if (!_kinds.TryGetValue(kind, out var index)) _kinds.Add(kind, index = new DocumentIndex(_journal.Drop));
        return index;
    }

    private async Task<List<DocumentLine>?> ReadAsync(List<DocumentSlot> slots, CancellationToken cancellationToken)
    {
        var lines = new List<DocumentLine>(slots.Count);
        foreach (var slot in slots)
        {
            await slot.Durable.WaitAsync(cancellationToken);
            if (await _journal.ReadAsync(slot.Line, cancellationToken) is not { } json) return null;
            lines.Add(DocumentLine.Parse(json.Span));
        }

        return lines;
    }
}

/// <summary>One line of the journal; of version 0 it is a deletion.</summary>
internal sealed record DocumentLine
{
    public required string Kind { get; init; }

    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public long Version { get; init; }

    public DateTimeOffset? Due { get; init; }

    public JsonElement? Value { get; init; }

    private static JsonSerializerOptions Json { get; } = new(DeepfakeJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    public static DocumentLine Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<DocumentLine>(json, Json)!;
}
