using Deepfake.FrameService.Export;

if (args is ["crops", .. var rest]) return await CropsCommand.RunAsync(rest, CancellationToken.None);
await Console.Error.WriteLineAsync(CropsCommand.Usage);
return 2;
