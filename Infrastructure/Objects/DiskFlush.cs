using System.Runtime.InteropServices;

namespace Deepfake.Infrastructure.Objects;

/// <summary>Makes a created or renamed name durable: POSIX asks for an fsync of the folder that holds it.</summary>
internal static class DiskFlush
{
    /// <summary>Flushes a folder's entries to the disk. Does nothing where the system has no such call.</summary>
    public static void Folder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(path, 0);
        if (descriptor < 0) return; // gone again, which needs no flush
        try
        {
            if (Sync(descriptor) != 0) throw new IOException($"fsync of a folder failed with error {Marshal.GetLastPInvokeError()}.");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Close(int descriptor);
}
