namespace Deepfake.Infrastructure.Documents;

/// <summary>Name under which the documents of one type are stored.</summary>
internal abstract record DocumentKind(string Name, Type Type);

/// <summary>Name under which the documents of <typeparamref name="T"/> are stored.</summary>
internal sealed record DocumentKind<T>(string Name) : DocumentKind(Name, typeof(T));
