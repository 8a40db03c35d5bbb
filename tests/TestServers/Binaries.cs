namespace Deepfake.TestServers;

/// <summary>Finds the programs of the servers.</summary>
internal static class Binaries
{
    private static readonly string[] Folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        "/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin", "/sbin",
    ];

    /// <summary>Whether a program is installed.</summary>
    public static bool Has(string program) => Folders.Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Path of a program.</summary>
    /// <exception cref="FileNotFoundException">It is not installed; the message names Debian's package.</exception>
    public static string Find(string program, string debianPackage, params string[] preferredFolders) =>
        preferredFolders.Concat(Folders).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"The tests need '{program}': install Debian's package '{debianPackage}' (apt-get install {debianPackage}).");
}
