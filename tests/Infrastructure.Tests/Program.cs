using Deepfake.Infrastructure.Tests.Bus;

namespace Deepfake.Infrastructure.Tests;

internal static class Program
{
    /// <summary>The test assembly started as a program is a worker that dies; see <see cref="DyingWorker"/>.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [var amqp, var queue, var deliveryLimit]) return 2;
        await DyingWorker.RunAsync(amqp, queue, deliveryLimit);
        return 0;
    }
}
