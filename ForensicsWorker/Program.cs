using Deepfake.ForensicsWorker;
using Deepfake.ForensicsWorker.Measuring;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using Microsoft.AspNetCore.Builder;

if (args is ["signals", .. var rest]) return await SignalsCommand.RunAsync(rest, CancellationToken.None);

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddInfrastructure();
builder.AddForensics();
builder.AddPipelineBus();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
