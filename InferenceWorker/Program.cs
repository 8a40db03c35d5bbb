using Deepfake.InferenceWorker;
using Deepfake.InferenceWorker.Registry;
using Deepfake.InferenceWorker.Speed;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Builder;

if (args is ["speed", .. var rest]) return SpeedCommand.Run(rest, Console.Out);

var builder = WebApplication.CreateBuilder(args);
// The registry is for callers that the gateway vouches for; a worker that knows no secret only works.
var reachable = builder.Configuration["Identity:InternalSecret"] is { Length: > 0 };
builder.AddServiceDefaults();
if (reachable) builder.AddTrustedCallers();
builder.AddInfrastructure();
builder.AddInference();
builder.AddPipelineBus();

var app = builder.Build();
app.UseProblems();
if (reachable) app.UseTrustedCallers();
if (reachable) app.MapModels();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
