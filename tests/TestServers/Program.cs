namespace Deepfake.TestServers;

/// <summary>Tells <c>./test</c> where the servers will be: the word on standard output, and why on standard error.</summary>
internal static class Program
{
    private static async Task Main()
    {
        var output = Console.Out;
        Console.SetOut(Console.Error); // the container library tells its steps there
        await output.WriteLineAsync((await ServerHosts.DescribeAsync()).Name);
    }
}
