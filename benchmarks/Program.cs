using Deepfake.Benchmarks;
using Deepfake.Benchmarks.Images;
using Deepfake.Benchmarks.Load;

// Prints the figures that the product is held to; benchmarks/README.md says how each is taken.
if (args is [PausedHost.Argument, .. var settings])
{
    await PausedHost.RunAsync(settings);
    return 0;
}

var root = new DirectoryInfo(AppContext.BaseDirectory);
while (root is not null && !File.Exists(Path.Combine(root.FullName, "Deepfake.Aspire.sln"))) root = root.Parent;
if (args is ["load", .. var parts])
{
    await LoadCommand.RunAsync(root?.FullName ?? Environment.CurrentDirectory, parts);
    return 0;
}

var media = await Media.PrepareAsync(root?.FullName ?? Environment.CurrentDirectory);

Console.WriteLine(Machine.Name);
Console.WriteLine($"load before: {Machine.Load} (others' work makes every figure worse)");
if (args is ["images"])
{
    await ImagesCommand.RunAsync(media);
    return 0;
}

if (args is ["forensics", .. var films]) return await ForensicsShare.RunAsync(films.Length > 0 ? films : [media.Clip]);

await using (var product = await Product.StartAsync("--Ingest:MaxBytes=2147483648"))
{
    var figures = new Figures(product, media);
    var clip = await figures.ClipAsync();
    await figures.PhotoAsync();
    await figures.FilmAsync(clip);
    figures.Peak();
}

await using (var product = await Product.StartAsync())
{
    // Twice, so that what is compiled and allocated once is there.
    for (var i = 0; i < 2; i++) await product.CompleteAsync(media.Photo);
    await new Figures(product, media).UploadAsync();
}

Console.WriteLine($"load after: {Machine.Load}");
return 0;
