using Deepfake.Gateway;
using Deepfake.Gateway.Identity;
using Deepfake.Infrastructure;
using Deepfake.ServiceDefaults;

if (args is ["key"]) return KeyCommand.Run();

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddGatewayInfrastructure();
builder.AddGateway();

var app = builder.Build();
app.UseGateway();
app.MapGateway();
app.MapDefaultEndpoints();
app.Run();
return 0;
