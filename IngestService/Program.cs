using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.IngestService;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTrustedCallers();
builder.AddInfrastructure();
builder.AddIngest();
builder.AddPipelineBus();

var app = builder.Build();
app.UseProblems();
app.UseTrustedCallers();
app.MapIngest();
app.MapDefaultEndpoints();
await app.RunAsync();
