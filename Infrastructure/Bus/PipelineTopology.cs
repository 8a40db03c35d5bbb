using System.Reflection;
using Deepfake.Contracts;
using MassTransit;

namespace Deepfake.Infrastructure.Bus;

/// <summary>Which message goes where: a direct exchange a message type, the lane as routing key, one queue a stage and lane.</summary>
internal static class PipelineTopology
{
    private static readonly Lane[] Lanes = Enum.GetValues<Lane>();

    /// <summary>Message types of the pipeline.</summary>
    public static IReadOnlyList<Type> Messages { get; } =
        [.. typeof(IAnalysisMessage).Assembly.GetExportedTypes().Where(type => type is { IsClass: true } && typeof(IAnalysisMessage).IsAssignableFrom(type))];

    /// <summary>
    /// Messages without which an analysis does not go on. They must reach a queue, and it fails when one of them is given up (but see
    /// <see cref="GivenUp"/>). The others
    /// report on it: the end of an analysis must not fail it again, and a lost percentage is not worth its life.
    /// </summary>
    public static IReadOnlySet<Type> Vital { get; } = new HashSet<Type>
    {
        typeof(MediaSubmitted), typeof(FacesExtracted), typeof(FramesExtracted), typeof(InferenceCompleted), typeof(ForensicsCompleted),
    };

    /// <summary>What goes out when a queue gives up a message; null where nobody needs to hear of it.</summary>
    /// <param name="queue">Name of the queue.</param>
    /// <param name="message">What it gave up.</param>
    /// <param name="code">Why, for the end of the analysis.</param>
    /// <param name="detail">The same in words.</param>
    public static IAnalysisMessage? GivenUp(string queue, IAnalysisMessage message, string code, string detail) => message switch
    {
        // Measurements are wanted and not needed: the models decide alone.
        FramesExtracted when queue.StartsWith(ConsumerSettings.ForensicsQueue, StringComparison.Ordinal) =>
            new ForensicsCompleted { AnalysisId = message.AnalysisId, Tenant = message.Tenant, Lane = message.Lane, Signals = [] },
        _ when Vital.Contains(message.GetType()) =>
            new AnalysisFailed { AnalysisId = message.AnalysisId, Tenant = message.Tenant, Lane = message.Lane, Code = code, Detail = detail },
        _ => null,
    };

    private static readonly Func<ConsumeContext, IAnalysisMessage?>[] Readers =
    [
        .. Messages.Select(type => typeof(PipelineTopology).GetMethod(nameof(ReadAs), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(type).CreateDelegate<Func<ConsumeContext, IAnalysisMessage?>>()),
    ];

    public static string RoutingKey(Lane lane) => lane.ToString().ToLowerInvariant();

    /// <summary>The queues of a consumer, each with the routing keys it is bound with.</summary>
    public static IEnumerable<(string Queue, IReadOnlyList<string> RoutingKeys)> Queues(ConsumerSettings settings) => settings.PerLane
        ? Lanes.Select(lane => ($"{settings.Queue}-{RoutingKey(lane)}", (IReadOnlyList<string>)[RoutingKey(lane)]))
        : [(settings.Queue, [.. Lanes.Select(RoutingKey)])];

    /// <summary>Message types that a consumer class takes.</summary>
    public static IEnumerable<Type> Consumed(Type consumer) => consumer.GetInterfaces()
        .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConsumer<>))
        .Select(type => type.GenericTypeArguments[0]);

    /// <summary>The message of a context by its own type; null if it is none of the pipeline's.</summary>
    public static IAnalysisMessage? Read(ConsumeContext context) => Readers.Select(read => read(context)).FirstOrDefault(message => message is not null);

    /// <summary>Calls a generic method of a static class for every type.</summary>
    public static void ForEach(IEnumerable<Type> types, Type declaring, string method, params object[] arguments)
    {
        var open = declaring.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic) ?? throw new MissingMethodException(declaring.Name, method);
        foreach (var type in types) open.MakeGenericMethod(type).Invoke(null, arguments);
    }

    private static IAnalysisMessage? ReadAs<T>(ConsumeContext context)
        where T : class, IAnalysisMessage => context.TryGetMessage<T>(out var typed) ? typed.Message : null;
}
