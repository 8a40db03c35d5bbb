namespace Deepfake.ServiceDefaults.Tracing;

/// <summary>Says of a request that is sent which of few patterns its address follows, for the name of its span.</summary>
public static class UrlTemplate
{
    /// <summary>The tag, as OpenTelemetry names it.</summary>
    internal const string Tag = "url.template";

    private static readonly HttpRequestOptionsKey<string> Key = new(Tag);

    /// <summary>Sets the pattern, for example <c>/v1/analyses/{id}</c>.</summary>
    public static void SetUrlTemplate(this HttpRequestMessage request, string template) => request.Options.Set(Key, template);

    /// <summary>The pattern; null where nobody set one.</summary>
    internal static string? Find(HttpRequestMessage request) => request.Options.TryGetValue(Key, out var template) ? template : null;
}
