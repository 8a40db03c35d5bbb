using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>The model registry over HTTP, for operators.</summary>
public static class ModelEndpoints
{
    /// <summary>Name of the OpenAPI document and of its group.</summary>
    public const string Document = "inference";

    /// <summary>Maps <c>/v1/models</c> and its description at <c>/openapi/inference.json</c>.</summary>
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/v1/models").WithGroupName(Document).WithTags("Models");
        app.MapOpenApi($"/openapi/{{documentName:regex(^{Document}$)}}.json").AllowAnonymous();
        group.MapGet("", async (ModelRegistry registry, CancellationToken stop) => await registry.ListAsync(stop))
            .WithName("ListModels").WithSummary("Lists the models, loaded or not, with their weights.")
            .Produces<RegisteredModel.ModelList>().RequireScope(Scopes.Operator);
        group.MapPost("", (ModelAddition addition, ModelRegistry registry, CancellationToken stop) => Answer(async () =>
            {
                var model = await registry.AddAsync(addition, stop);
                return Results.Created("/v1/models/" + model.Name, model);
            }))
            .WithName("AddModel").WithSummary("Fetches a network from an https address and adds it to the ensemble.")
            .WithDescription("The file must have the SHA-256 that is given, fit the manifest and run; else nothing changes. The ensemble goes on meanwhile.")
            .Produces<RegisteredModel>(201).ProducesProblem(400).ProducesProblem(422).RequireScope(Scopes.Operator);
        group.MapPatch("/{name}", (string name, ModelSettings change, ModelRegistry registry, CancellationToken stop) =>
                Answer(async () => Results.Ok(await registry.ChangeAsync(name, change, stop))))
            .WithName("ChangeModel").WithSummary("Enables, disables or weighs a model, without a restart.")
            .WithDescription("A weight scales the fitted one by what it is over the manifest's. A model that the fit does not know (in_fusion: false) observes until it is given a weight: its logit then joins the sum with it, and results carry model_beside_fusion.")
            .Produces<RegisteredModel>().ProducesProblem(404).ProducesProblem(422).RequireScope(Scopes.Operator);
        group.MapDelete("/{name}", (string name, ModelRegistry registry, CancellationToken stop) => Answer(async () =>
            {
                await registry.RemoveAsync(name, stop);
                return Results.NoContent();
            }))
            .WithName("RemoveModel").WithSummary("Removes a model and its files; not the last one that scores.")
            .Produces(204).ProducesProblem(404).ProducesProblem(409).ProducesProblem(422).RequireScope(Scopes.Operator);
        group.MapPost("/reload", (ScoringEngine engine, ModelRegistry registry, CancellationToken stop) => Answer(async () =>
            {
                await engine.ReloadAsync(stop);
                return Results.Ok(await registry.ListAsync(stop));
            }))
            .WithName("ReloadModels").WithSummary("Loads the models folder anew; the running ensemble scores until the new one is ready.")
            .Produces<RegisteredModel.ModelList>().ProducesProblem(422).RequireScope(Scopes.Operator);
    }

    private static async Task<IResult> Answer(Func<Task<IResult>> work)
    {
        try
        {
            return await work();
        }
        catch (ModelRejectedException e)
        {
            return Problem.Answer(ErrorCodes.ModelRefused, e.Message);
        }
        catch (UnknownModelException e)
        {
            return Problem.Answer(ErrorCodes.NotFound, e.Message);
        }
        catch (LastModelException e)
        {
            return Problem.Answer(ErrorCodes.LastModel, e.Message);
        }
    }
}
