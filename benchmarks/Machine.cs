namespace Deepfake.Benchmarks;

/// <summary>Where the figures come from.</summary>
internal static class Machine
{
    /// <summary>Processor and count of its threads that this process may use.</summary>
    public static string Name
    {
        get
        {
            var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
            return $"{model?.Split(':', 2)[1].Trim() ?? "unknown processor"}, {Environment.ProcessorCount} cores";
        }
    }

    /// <summary>Processes that want the processor, mean of the last minute: above 0 before the start, the machine was not idle.</summary>
    public static string Load => File.ReadAllText("/proc/loadavg").Split(' ')[0];
}
