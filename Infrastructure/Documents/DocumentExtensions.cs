using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Deepfake.Infrastructure.Documents;

/// <summary>Registers kinds of documents.</summary>
public static class DocumentExtensions
{
    /// <summary>Lets a service ask for <see cref="IDocumentStore{T}"/>. The host brings the store itself with its infrastructure.</summary>
    /// <typeparam name="T">Value of the documents.</typeparam>
    /// <param name="services">The host's services.</param>
    /// <param name="kind">Name in the database, the same for as long as there are documents: <c>api_key</c>.</param>
    /// <exception cref="InvalidOperationException">Another type has the name already, or the type another name.</exception>
    public static IServiceCollection AddDocuments<T>(this IServiceCollection services, string kind)
        where T : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(kind);
        var known = services.Select(service => service.IsKeyedService ? null : service.ImplementationInstance).OfType<DocumentKind>()
            .FirstOrDefault(known => known.Name == kind || known.Type == typeof(T));
        if (known is not null && (known.Name != kind || known.Type != typeof(T)))
            throw new InvalidOperationException($"Documents '{kind}' of {typeof(T).Name} clash with '{known.Name}' of {known.Type.Name}.");
        services.TryAddSingleton(new DocumentKind<T>(kind));
        return services;
    }
}
