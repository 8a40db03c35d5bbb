using Deepfake.Infrastructure.Tests.Bus;
using Deepfake.Infrastructure.Tests.Persistence;

namespace Deepfake.Infrastructure.Tests;

internal static class Program
{
    /// <summary>The test assembly started as a program is a process that dies; see <see cref="DyingWorker"/> and <see cref="KilledWriter"/>.</summary>
    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is [KilledWriter.Argument, var database])
        {
            await KilledWriter.RunAsync(database);
            return 0;
        }

        if (arguments is not [var amqp, var queue, var deliveryLimit]) return 2;
        await DyingWorker.RunAsync(amqp, queue, deliveryLimit);
        return 0;
    }
}
