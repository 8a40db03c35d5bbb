namespace Deepfake.Infrastructure.Journals;

/// <summary>
/// One record of a journal. Its owner keeps it in place of a position, which changes whenever the file is written anew; the journal alone
/// changes it, under its lock.
/// </summary>
internal sealed class JournalLine(long offset, int length)
{
    /// <summary>First byte of the line in the file; negative once the file no longer holds it.</summary>
    public long Offset { get; set; } = offset;

    /// <summary>Bytes of the line with checksum and line feed.</summary>
    public int Length { get; } = length;

    /// <summary>Whether its owner no longer needs it.</summary>
    public bool IsDropped { get; set; }
}
