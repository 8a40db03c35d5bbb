using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.IngestService.Tests;

/// <summary>Stands before the documents of every kind, as <see cref="Faults{T}"/> does before other stores: a proxy cannot stand before an open generic.</summary>
internal sealed class FaultyDocuments<T>(IServiceProvider provider, FaultyDocuments faults) : IDocumentStore<T>
    where T : class
{
    private readonly IDocumentStore<T> _inner = (IDocumentStore<T>)ActivatorUtilities.CreateInstance(provider, faults.Inner.MakeGenericType(typeof(T)));

    public Task<bool> TryAddAsync(Document<T> document, CancellationToken cancellationToken) =>
        faults.On(nameof(TryAddAsync), () => _inner.TryAddAsync(document, cancellationToken));

    public Task<Document<T>?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        faults.On(nameof(FindAsync), () => _inner.FindAsync(tenant, id, cancellationToken));

    public Task<bool> TryUpdateAsync(Document<T> document, CancellationToken cancellationToken) =>
        faults.On(nameof(TryUpdateAsync), () => _inner.TryUpdateAsync(document, cancellationToken));

    public Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken) =>
        faults.On(nameof(TryDeleteAsync), () => _inner.TryDeleteAsync(tenant, id, version, cancellationToken));

    public Task<IReadOnlyList<Document<T>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken) =>
        faults.On(nameof(ListAsync), () => _inner.ListAsync(tenant, afterId, limit, cancellationToken));

    public Task<IReadOnlyList<Document<T>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        faults.On(nameof(ListDueAsync), () => _inner.ListDueAsync(now, limit, cancellationToken));
}

/// <summary>What the documents of all kinds have in common.</summary>
internal sealed record FaultyDocuments(Type Inner, FaultSet Broken)
{
    public static FaultSet Insert(IServiceCollection services)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IDocumentStore<>));
        services.Remove(registered);
        var faults = new FaultyDocuments(registered.ImplementationType!, []);
        services.AddSingleton(faults);
        services.AddSingleton(typeof(IDocumentStore<>), typeof(FaultyDocuments<>));
        return faults.Broken;
    }

    public Task<TResult> On<TResult>(string method, Func<Task<TResult>> call)
    {
        Broken.Meet(method);
        return call();
    }
}
