using Deepfake.Gateway;
using Deepfake.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddGateway();

var app = builder.Build();
app.UseGateway();
app.MapGateway();
app.MapDefaultEndpoints();
app.Run();
