namespace Deepfake.Benchmarks;

/// <summary>A folder that goes with its owner.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("deepfake-bench-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
