namespace Deepfake.Infrastructure.Documents;

/// <summary>One document.</summary>
internal sealed class DocumentRow
{
    public required string Kind { get; set; }

    public required string Tenant { get; set; }

    public required string Id { get; set; }

    public long Version { get; set; }

    public DateTimeOffset? Due { get; set; }

    public required string Value { get; set; }

    /// <summary>Drawn for each write: tells a write that is tried again after its answer was lost from somebody else's.</summary>
    public Guid Stamp { get; set; }
}
