namespace Deepfake.Infrastructure.Tests;

internal static class Program
{
    public static Task<int> Main(string[] arguments) => Task.FromResult(arguments.Length);
}
