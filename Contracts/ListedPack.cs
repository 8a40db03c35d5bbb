namespace Deepfake.Contracts;

/// <summary>A line of <c>packs.jsonl</c>: a medium of a list and the message that says where its packs are.</summary>
/// <param name="Path">Path as the list gives it.</param>
/// <param name="Message">What serving would have sent.</param>
public sealed record ListedPack(string Path, FramesExtracted Message)
{
    /// <summary>Name of the file, in the folder of the packs.</summary>
    public const string FileName = "packs.jsonl";
}
