using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.ResultService;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTrustedCallers();
builder.AddInfrastructure();
builder.AddResults();
builder.AddPipelineBus();

var app = builder.Build();
app.UseProblems();
app.UseTrustedCallers();
app.UseWebSockets();
app.MapResults();
app.MapDefaultEndpoints();
await app.RunAsync();
