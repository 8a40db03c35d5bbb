using Deepfake.Gateway.Identity;
using Deepfake.Standalone;
using Deepfake.Standalone.Analyze;
using Deepfake.Standalone.Describe;
using Deepfake.Standalone.Evaluate;

switch (args)
{
    case ["analyze", .. var files]:
        return await AnalyzeCommand.RunAsync(files);
    case ["evaluate", .. var rest]:
        return await EvaluateCommand.RunAsync(rest);
    case ["openapi", var file]:
        return await DescribeCommand.RunAsync(file);
    case ["key"]:
        return KeyCommand.Run();
    case ["help" or "--help" or "-h", ..]:
        Console.WriteLine(StandaloneHost.Usage);
        return 0;
    default:
        await using (var app = StandaloneHost.Build(args))
        {
            app.Lifetime.ApplicationStarted.Register(() => StandaloneHost.Announce(app));
            await app.RunAsync();
        }

        return 0;
}
