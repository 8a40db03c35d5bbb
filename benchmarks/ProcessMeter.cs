using System.Globalization;

namespace Deepfake.Benchmarks;

/// <summary>What Linux counts of a process (proc(5)).</summary>
internal static class ProcessMeter
{
    /// <summary>Linux reports processor time in hundredths of a second on every architecture .NET runs on.</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Processor seconds, user and system, of a process and of the children it has waited for.</summary>
    public static double CpuSeconds(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        // The name in brackets may hold spaces; behind it, utime, stime, cutime and cstime are fields 12 to 15.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[11..15].Sum(field => double.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Resident memory now, in MB (10⁶ bytes).</summary>
    public static double ResidentMegabytes(int process) => Status(process, "VmRSS:");

    /// <summary>The most resident memory there ever was, in MB (10⁶ bytes).</summary>
    public static double PeakMegabytes(int process) => Status(process, "VmHWM:");

    private static double Status(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
