using Deepfake.IngestService;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Problems;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddIngest();

var app = builder.Build();
app.UseProblems();
app.MapIngest();
app.MapDefaultEndpoints();
app.Run();
