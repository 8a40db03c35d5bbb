using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Description;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Authentication;

namespace Deepfake.Gateway.Identity;

/// <summary>Composes keys and sessions. Needs <see cref="IDocumentStore{T}"/> from the host's infrastructure.</summary>
internal static class IdentityExtensions
{
    private const string Document = "identity";

    /// <summary>The scheme that chooses among the others: a key that is sent decides alone.</summary>
    private const string Scheme = "Caller";

    public static void AddIdentity(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<IdentityOptions>().BindConfiguration(IdentityOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LimitOptions>().BindConfiguration(LimitOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddDocuments<ApiKey>("api_key").AddDocuments<Session>("session");
        services.AddSingleton<DocumentCache<ApiKey>>().AddSingleton<DocumentCache<Session>>();
        services.AddSingleton<KeyRing>();
        services.AddAuthenticationSchemes(Scheme)
            .AddPolicyScheme(Scheme, null, scheme => scheme.ForwardDefaultSelector = SelectScheme)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, SessionHandler>(SessionHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, LocalAccessHandler>(LocalAccessHandler.SchemeName, null);
        // A key that does not hold is counted (deepfake.keys.wrong), and no line in the log for anybody who wants to fill it.
        builder.Logging.AddFilter(typeof(ApiKeyHandler).FullName, LogLevel.Warning);
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
        var limiter = app.ApplicationServices.GetRequiredService<RateLimiter>();
        var wrongKeys = app.ApplicationServices.GetRequiredService<WrongKeys>();
        return app.UseAuthentication().Use(async (context, next) =>
        {
            if (EndpointAccess.IsOpen(context)) await next(context);
            else if (await WrongKeys.IsWrongAsync(context) && await wrongKeys.CountAsync(context) is { } tooMany) await tooMany.ExecuteAsync(context);
            else await limiter.HandleAsync(context, next);
        }).UseAuthorization();
    }

    public static void MapIdentity(this IEndpointRouteBuilder app)
    {
        app.MapOpenApi($"/openapi/{{documentName:regex(^{Document}$)}}.json").AllowAnonymous();
        var group = app.MapGroup("/v1").WithGroupName(Document);
        KeyEndpoints.Map(group);
        SessionEndpoints.Map(group);
        MeEndpoint.Map(group);
        // Another content type would go on to the proxy, and so would the key in it.
        foreach (var path in new[] { "/v1/keys", "/v1/session" })
            app.MapPost(path, () => Problem.Answer(ErrorCodes.InvalidRequest, "This address takes application/json.", StatusCodes.Status415UnsupportedMediaType))
                .RequireAuthorization().ExcludeFromDescription();
    }

    private static string SelectScheme(HttpContext context) =>
        ApiKeyHandler.Read(context.Request) is not null ? ApiKeyHandler.SchemeName
        : SessionHandler.Read(context.Request) is not null ? SessionHandler.SchemeName
        : LocalAccessHandler.SchemeName;
}
