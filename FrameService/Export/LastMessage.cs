using Deepfake.Contracts;
using MassTransit;

namespace Deepfake.FrameService.Export;

/// <summary>Takes the place of the bus where nobody listens, and keeps the message that ends the stage.</summary>
internal sealed class LastMessage : IPublishEndpoint
{
    /// <summary>The last <see cref="FramesExtracted"/>; null before there was one.</summary>
    public FramesExtracted? Frames { get; private set; }

    /// <inheritdoc/>
    public Task Publish<T>(T message, CancellationToken cancellationToken = default)
        where T : class => Keep(message);

    /// <inheritdoc/>
    public Task Publish<T>(T message, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Keep(message);

    /// <inheritdoc/>
    public Task Publish<T>(T message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Keep(message);

    /// <inheritdoc/>
    public Task Publish(object message, CancellationToken cancellationToken = default) => Keep(message);

    /// <inheritdoc/>
    public Task Publish(object message, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) => Keep(message);

    /// <inheritdoc/>
    public Task Publish(object message, Type messageType, CancellationToken cancellationToken = default) => Keep(message);

    /// <inheritdoc/>
    public Task Publish(object message, Type messageType, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default) => Keep(message);

    /// <inheritdoc/>
    public Task Publish<T>(object values, CancellationToken cancellationToken = default)
        where T : class => Keep(values);

    /// <inheritdoc/>
    public Task Publish<T>(object values, IPipe<PublishContext<T>> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Keep(values);

    /// <inheritdoc/>
    public Task Publish<T>(object values, IPipe<PublishContext> publishPipe, CancellationToken cancellationToken = default)
        where T : class => Keep(values);

    /// <inheritdoc/>
    public ConnectHandle ConnectPublishObserver(IPublishObserver observer) => throw new NotSupportedException("Nothing is published.");

    private Task Keep(object message)
    {
        if (message is FramesExtracted frames) Frames = frames;
        return Task.CompletedTask;
    }
}
