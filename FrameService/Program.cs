using Deepfake.FrameService;
using Deepfake.FrameService.Export;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using Microsoft.AspNetCore.Builder;

switch (args)
{
    case ["crops", .. var rest]:
        return await CropsCommand.RunAsync(rest, CancellationToken.None);
    case ["packs", .. var rest]:
        return await PacksCommand.RunAsync(rest, CancellationToken.None);
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddInfrastructure();
builder.AddFrames();
builder.AddPipelineBus();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
return 0;
