namespace Deepfake.TestServers;

/// <summary>
/// Chooses once where the servers of a run are: in containers where an engine answers and can run them, else in child processes.
/// <c>DEEPFAKE_TEST_SERVERS</c> names one of the two.
/// </summary>
internal static class ServerHosts
{
    public const string Variable = "DEEPFAKE_TEST_SERVERS";
    public const string Containers = "containers";
    public const string Processes = "processes";
    private static readonly Lazy<Task<(IServerHost Host, string Why)>> Choice = new(ChooseAsync);

    /// <summary>The host of this run.</summary>
    public static async Task<IServerHost> CurrentAsync() => (await Choice.Value).Host;

    /// <summary>The choice in one word, and why.</summary>
    public static async Task<(string Name, string Why)> DescribeAsync()
    {
        var (host, why) = await Choice.Value;
        return (host is ContainerHost ? Containers : Processes, why);
    }

    private static async Task<(IServerHost Host, string Why)> ChooseAsync()
    {
        var (host, why) = Environment.GetEnvironmentVariable(Variable) switch
        {
            Containers => (new ContainerHost(), $"{Variable} says so"),
            Processes => (new ProcessHost(), $"{Variable} says so"),
            null or "" => await SeekAsync(),
            var other => throw new InvalidOperationException($"{Variable}={other}: it is '{Containers}' or '{Processes}'."),
        };
        await Console.Error.WriteLineAsync($"Test servers: {(host is ContainerHost ? Containers : Processes)} ({why}).");
        return (host, why);
    }

    private static async Task<(IServerHost Host, string Why)> SeekAsync()
    {
        if (!ContainerEngine.Answers) return (new ProcessHost(), "no container engine answers");
        var containers = new ContainerHost();
        try
        {
            await containers.TryAsync();
            return (containers, $"{await ContainerEngine.DescribeAsync()} answers");
        }
        catch (Exception e)
        {
            // Whatever keeps it from running one, the tests do not depend on it.
            return (new ProcessHost(), $"a container engine answers, but {e.Message.Trim().ReplaceLineEndings(" ")}");
        }
    }
}
