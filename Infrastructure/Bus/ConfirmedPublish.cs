using MassTransit;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// Publishing that ends. A broker that dies while it owes a confirmation can leave the sender without an answer for ever, even when it has come back
/// (https://github.com/rabbitmq/rabbitmq-dotnet-client/issues/1930); a consumer that waits for it never takes another message.
/// </summary>
public static class ConfirmedPublish
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Publishes a message and waits until the broker has confirmed it.</summary>
    /// <param name="bus">Of the host, or of the message in hand.</param>
    /// <param name="message">Published under its static type.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="timeout">How long the confirmation may take; 30 s by default.</param>
    /// <exception cref="TimeoutException">The broker did not confirm in time. The message may have arrived nevertheless.</exception>
    public static Task PublishConfirmedAsync<T>(this IPublishEndpoint bus, T message, CancellationToken cancellationToken, TimeSpan? timeout = null)
        where T : class => WaitAsync(stop => bus.Publish(message, stop), cancellationToken, timeout);

    /// <summary>The same for a message whose type is known at run time only.</summary>
    internal static Task PublishUntypedConfirmedAsync(this IPublishEndpoint bus, object message, CancellationToken cancellationToken) =>
        WaitAsync(stop => bus.Publish(message, message.GetType(), stop), cancellationToken);

    /// <summary>Waits for whatever ends with the broker's confirmation.</summary>
    internal static async Task WaitAsync(Func<CancellationToken, Task> send, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout ?? DefaultTimeout);
        try
        {
            // WaitAsync frees the caller even if the library ignores the token.
            await send(deadline.Token).WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("The broker did not confirm a message in time.", e);
        }
    }
}
