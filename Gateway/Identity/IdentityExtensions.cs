using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Description;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.Gateway.Identity;

/// <summary>Composes keys and sessions. Needs <see cref="IDocumentStore{T}"/> from the host's infrastructure.</summary>
internal static class IdentityExtensions
{
    private const string Document = "identity";

    public static void AddIdentity(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<IdentityOptions>().BindConfiguration(IdentityOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LimitOptions>().BindConfiguration(LimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddDocuments<ApiKey>("api_key").AddDocuments<Session>("session");
        services.AddSingleton<DocumentCache<ApiKey>>().AddSingleton<DocumentCache<Session>>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<MeEndpoint>();
        services.AddSingleton<RateLimiter>();
        services.AddSingleton<WrongKeys>();
        services.AddHostedService<KeyUses>();
        services.ConfigureHttpJsonOptions(json => DeepfakeJson.Apply(json.SerializerOptions));
        services.AddOpenApi(Document, document =>
        {
            document.ShouldInclude = endpoint => endpoint.GroupName == Document;
            document.DescribeKeys();
            document.DescribeAnswers();
            document.AddDocumentTransformer((description, _, _) =>
            {
                description.Info.Title = "Deepfake.Aspire: keys and sessions";
                description.Info.Version = "v1";
                description.Servers = [];
                return Task.CompletedTask;
            });
        });
    }

    /// <summary>Finds the caller out, holds them against their limits and against what the endpoint asks.</summary>
    public static IApplicationBuilder UseIdentity(this IApplicationBuilder app)
    {
        var authentication = app.ApplicationServices.GetRequiredService<Authentication>();
        var limiter = app.ApplicationServices.GetRequiredService<RateLimiter>();
        var wrongKeys = app.ApplicationServices.GetRequiredService<WrongKeys>();
        return app.Use(async (context, next) =>
        {
            await authentication.FindCallerAsync(context);
            if (WrongKeys.IsWrong(context) && ScopeGuard.NeedsCaller(context) && await wrongKeys.CountAsync(context) is { } tooMany) await tooMany.ExecuteAsync(context);
            else await limiter.HandleAsync(context, next);
        }).UseScopes();
    }

    public static void MapIdentity(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi($"/openapi/{{documentName:regex(^{Document}$)}}.json");
        var group = app.MapGroup("/v1").WithGroupName(Document);
        KeyEndpoints.Map(group);
        SessionEndpoints.Map(group);
        MeEndpoint.Map(group);
        // Another content type would go on to the proxy, and so would the key in it.
        foreach (var path in new[] { "/v1/keys", "/v1/session" })
            app.MapPost(path, () => Problem.Answer(ErrorCodes.InvalidRequest, "This address takes application/json.", StatusCodes.Status415UnsupportedMediaType)).ExcludeFromDescription();
    }
}
