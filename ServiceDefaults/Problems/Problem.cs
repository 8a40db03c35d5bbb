using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.ServiceDefaults.Problems;

/// <summary>Every error of every service leaves as problem+json (RFC 9457) with a stable <c>code</c>, made here.</summary>
public static class Problem
{
    /// <summary>Gives errors of the framework itself (no such route, wrong method, defects) the same form.</summary>
    public static IServiceCollection AddProblems(this IServiceCollection services) =>
        services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            var problem = context.ProblemDetails;
            Trace(problem); // the framework put in the whole traceparent
            if (problem.Extensions.ContainsKey("code")) return;
            var status = problem.Status ?? context.HttpContext.Response.StatusCode;
            var kind = ProblemCatalogue.Find(ProblemCatalogue.CodeOf(status));
            Fill(problem, kind, status, problem.Detail ?? Describe(status));
        });

    /// <summary>Turns exceptions and empty error answers into problems. Comes first in the pipeline.</summary>
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = exception => exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError,
            // A request that the client broke off or malformed is no defect of ours and no line in the error log.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException or OperationCanceledException,
        });
        return app.UseStatusCodePages();
    }

    /// <summary>An answer with a code.</summary>
    /// <param name="code">One of the contract's error codes; decides status and title.</param>
    /// <param name="detail">One plain sentence about this occurrence; no paths, keys or stack traces.</param>
    /// <param name="status">Another status than the code's own, for example 504.</param>
    /// <param name="retryAfter">When to try again, for <c>Retry-After</c>; whole seconds.</param>
    public static IResult Answer(string code, string detail, int? status = null, TimeSpan? retryAfter = null)
    {
        var kind = ProblemCatalogue.Find(code);
        var problem = new ProblemDetails();
        Fill(problem, kind, status ?? kind.Status, detail);
        return new ProblemAnswer(problem, retryAfter);
    }

    private static void Fill(ProblemDetails problem, ProblemKind kind, int status, string detail)
    {
        problem.Type = kind.Type;
        problem.Title = kind.Title;
        problem.Status = status;
        problem.Detail = detail;
        problem.Extensions["code"] = kind.Code;
        Trace(problem);
    }

    private static void Trace(ProblemDetails problem)
    {
        problem.Extensions.Remove("traceId");
        if (Activity.Current is { } activity) problem.Extensions["trace_id"] = activity.TraceId.ToHexString();
        else problem.Extensions.Remove("trace_id");
    }

    private static string Describe(int status) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing at this address.",
        StatusCodes.Status405MethodNotAllowed => "This address does not know the method.",
        StatusCodes.Status408RequestTimeout => "The request body came too slowly.",
        StatusCodes.Status413PayloadTooLarge => "The body is larger than this address takes.",
        StatusCodes.Status415UnsupportedMediaType => "This address does not take the content type.",
        >= 400 and < 500 => "The request is malformed.",
        502 or 503 or 504 => "A part of the service is out of reach; try again shortly.",
        _ => "Something went wrong on our side.",
    };

    private sealed class ProblemAnswer(ProblemDetails problem, TimeSpan? retryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (retryAfter is { } wait)
                httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            httpContext.Response.Headers.CacheControl = "no-store";
            return TypedResults.Problem(problem).ExecuteAsync(httpContext);
        }
    }
}
