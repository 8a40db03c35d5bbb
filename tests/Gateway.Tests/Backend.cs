using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.Gateway.Tests;

/// <summary>A service behind the gateway: a real server on a free port that answers as the test says.</summary>
internal sealed class Backend(WebApplication app) : IAsyncDisposable
{
    public string Address => app.Urls.First();

    public static async Task<Backend> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(context => context.Request.Path == "/alive" ? Task.CompletedTask : answer(context));
        await app.StartAsync();
        return new Backend(app);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
