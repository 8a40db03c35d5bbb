namespace Deepfake.Infrastructure.Hosting;

/// <summary>Folders that hold what users sent, or keys: for the account of this process alone.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates a folder that nobody else may enter. One that is there keeps the rights that its operator gave it.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, Own);
    }

    /// <summary>The same in a place where others may have been before.</summary>
    /// <exception cref="IOException">Others may write into it.</exception>
    public static void CreateShared(string path)
    {
        Create(path);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None)
            throw new IOException($"Others may write into '{path}': remove it, or set TMPDIR.");
    }
}
