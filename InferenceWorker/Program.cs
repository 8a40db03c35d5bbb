using Deepfake.InferenceWorker;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using Microsoft.AspNetCore.Builder;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddInfrastructure();
builder.AddInference();
builder.AddPipelineBus();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
