using System.Diagnostics.Metrics;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.Infrastructure.Limits;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>
/// Holds requests against the limits of their key and tenant, and tells clients where they stand. While the counters are out of reach,
/// reads pass uncounted and what changes something waits.
/// </summary>
internal sealed partial class RateLimiter(ILimiter limiter, IOptions<LimitOptions> options, TimeProvider time, ILogger<RateLimiter> logger)
{
    // Answers come in a millisecond; a request does not wait long for one that does not come.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly Counter<long> Refused = Telemetry.Meter.CreateCounter<long>("deepfake.requests.limited", "{request}", "Requests answered 429");
    private static readonly Counter<long> Unchecked = Telemetry.Meter.CreateCounter<long>("deepfake.requests.unlimited", "{request}", "Requests while the limits' counters were out of reach");
    private long _retryAt = long.MinValue;

    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<HeldKey>() is not { } held)
        {
            await next(context);
            return;
        }

        var body = Body(context);
        var submits = Submissions.Contains(context.Request);
        var limits = RequestLimits.Of(options.Value.For(held.Key), held.Id, held.Key.Tenant, submits, body);
        if (limits.Count == 0)
        {
            await next(context);
            return;
        }

        if (await TryTakeAsync(limits, context.RequestAborted) is not { } decision)
        {
            Unchecked.Add(1);
            if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) await next(context);
            else await Problem.Answer(ErrorCodes.Unavailable, "Limits cannot be checked just now; nothing was taken in.", retryAfter: TimeSpan.FromSeconds(5)).ExecuteAsync(context);
            return;
        }

        Show(context, limits, decision);
        if (!decision.Granted)
        {
            await RefuseAsync(context, limits, decision);
            return;
        }

        if (!limits.Exists(limit => limit.Claim.Kind == LimitKind.Day))
        {
            await next(context);
            return;
        }

        await CountAsync(context, next, limits);
    }

    /// <summary>Bytes of the body as the client announces them: 0 for none, 1 for an unknown number, which is corrected later.</summary>
    private static long Body(HttpContext context) =>
        context.Request.ContentLength ?? (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } ? 1 : 0);

    private async Task<LimitDecision?> TryTakeAsync(List<NamedLimit> limits, CancellationToken cancellationToken)
    {
        if (time.GetTimestamp() < Interlocked.Read(ref _retryAt)) return null;
        try
        {
            return await limiter.TakeAsync([.. limits.Select(limit => limit.Claim)], cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Exchange(ref _retryAt, time.GetTimestamp() + (long)(Pause.TotalSeconds * time.TimestampFrequency));
            LogOutage(logger, e);
            return null;
        }
    }

    private static void Show(HttpContext context, List<NamedLimit> limits, LimitDecision decision)
    {
        var policies = string.Join(", ", limits.Select(limit => limit.Policy));
        var states = string.Join(", ", limits.Select((limit, i) => limit.Show(decision.States[i])));
        // At the last moment: error handling clears headers on its way.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers["RateLimit-Policy"] = policies;
            context.Response.Headers["RateLimit"] = states;
            return Task.CompletedTask;
        });
    }

    private static Task RefuseAsync(HttpContext context, List<NamedLimit> limits, LimitDecision decision)
    {
        Refused.Add(1);
        var longest = decision.States.Select((state, i) => (state.Wait, limits[i].Text)).MaxBy(refusal => refusal.Wait);
        return Problem.Answer(ErrorCodes.RateLimited, $"More than {longest.Text}.", retryAfter: longest.Wait).ExecuteAsync(context);
    }

    /// <summary>
    /// Uploads that were refused are given back; bodies of unknown length are counted as they come. Whoever hangs up before the answer has
    /// counted: the analysis may run all the same. So has who waited for an analysis that failed: its answer is an error, and names it.
    /// </summary>
    private async Task CountAsync(HttpContext context, RequestDelegate next, List<NamedLimit> limits)
    {
        var uploads = limits.FindAll(limit => limit.Name.EndsWith("uploads", StringComparison.Ordinal));
        var bytes = context.Request.ContentLength is null ? limits.FindAll(limit => limit.Name.EndsWith("bytes", StringComparison.Ordinal)) : [];
        var counted = new CountingStream(context.Request.Body);
        if (bytes.Count > 0) context.Request.Body = counted;
        // Before the client hears of it, who may come again at once.
        context.Response.OnStarting(() => context.Response.StatusCode >= 400 && context.Response.Headers.ContentLocation.Count == 0 && !context.RequestAborted.IsCancellationRequested
            ? CorrectAsync(uploads, -1)
            : Task.CompletedTask);
        try
        {
            await next(context);
        }
        finally
        {
            await CorrectAsync(bytes, counted.Count - 1);
        }
    }

    private async Task CorrectAsync(List<NamedLimit> limits, long amount)
    {
        foreach (var limit in limits) await CorrectAsync(limit, amount);
    }

    private async Task CorrectAsync(NamedLimit limit, long amount)
    {
        try
        {
            await limiter.CorrectAsync(limit.Claim.Name, amount, CancellationToken.None).WaitAsync(Patience, time);
        }
        catch (Exception e)
        {
            LogOutage(logger, e);
        }
    }

    [LoggerMessage(6201, LogLevel.Warning, "The limits' counters are out of reach: reads pass uncounted, what changes something is refused")]
    private static partial void LogOutage(ILogger logger, Exception exception);
}
