using System.Diagnostics;
using System.Globalization;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Speed;

/// <summary>
/// <c>speed [DIR] [SECONDS]</c>: crops per second and core of each model in a folder and of all of them, as the worker scores crops (resizing,
/// run, heat map, calibration), in every form it has, against the bare loop of ONNX Runtime on tensors that lie ready. Networks over tracks are loaded, not measured.
/// </summary>
internal static class SpeedCommand
{
    private const int Crops = 8;

    private static readonly RunShape OneCore = new(1, 1, 1, 0.25, Spread: false);

    /// <summary>Measures and prints a table.</summary>
    /// <param name="arguments">The models folder (that of the configuration's default without one), and for how many seconds to measure each model.</param>
    /// <param name="output">Takes the table.</param>
    /// <returns>0; 1 when there is no model; 2 for a wrong command line.</returns>
    public static int Run(string[] arguments, TextWriter output)
    {
        var folder = Path.GetFullPath(arguments.Length > 0 ? arguments[0] : Path.Combine(AppContext.BaseDirectory, new ModelOptions().Path));
        var seconds = 3.0;
        if (arguments.Length > 2 || (arguments.Length == 2 && !(double.TryParse(arguments[1], CultureInfo.InvariantCulture, out seconds) && seconds > 0)))
        {
            output.WriteLine("Usage: Deepfake.InferenceWorker speed [DIR] [SECONDS]");
            return 2;
        }

        output.WriteLine("| model | bare loop, crops/s | as the worker scores, crops/s | share |");
        output.WriteLine("|---|---|---|---|");
        (double Bare, double Own) floats = default, integers = default;
        var loaded = false;
        foreach (var path in ModelFolder.List(folder))
        {
            var manifest = ModelFolder.ReadManifest(path);
            if (manifest.Kind == ModelKind.Sequence)
            {
                SequenceSession.Load(manifest, ModelFolder.VerifyFile(path, manifest), new CpuExecutionProvider(), OneCore).Dispose();
                output.WriteLine($"| {manifest.Name} {manifest.Version} | | loads; over tracks, not measured | |");
                loaded = true;
                continue;
            }

            var whole = Measure(manifest, ModelFolder.VerifyFile(path, manifest), TimeSpan.FromSeconds(seconds));
            output.WriteLine(Row($"{manifest.Name} {manifest.Version}", whole));
            var form = manifest.In(Precision.Int8);
            var small = form.Precision == Precision.Int8 ? Measure(form, ModelFolder.VerifyFile(path, form), TimeSpan.FromSeconds(seconds)) : whole;
            if (form.Precision == Precision.Int8) output.WriteLine(Row($"{form.Name} {form.Version}, int8", small));
            (floats, integers) = ((floats.Bare + whole.Bare, floats.Own + whole.Own), (integers.Bare + small.Bare, integers.Own + small.Own));
        }

        if (floats.Bare == 0) return loaded ? 0 : 1;
        output.WriteLine(Row("all of them, one after another", floats));
        if (integers != floats) output.WriteLine(Row("the same, in integers where they have such a form", integers));
        return 0;
    }

    private static string Row(string name, (double Bare, double Own) seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"| {name} | {1 / seconds.Bare:0} | {1 / seconds.Own:0} | {seconds.Bare / seconds.Own:P0} |");

    /// <summary>Seconds a crop, bare and scored: of the best rounds, since what else the machine does only ever slows one down.</summary>
    private static (double Bare, double Own) Measure(ModelManifest manifest, string file, TimeSpan time)
    {
        var provider = new CpuExecutionProvider();
        using var session = ModelSession.Load(manifest, file, provider, OneCore);
        using var options = SessionSettings.Create(provider, OneCore);
        using var native = new InferenceSession(file, options);
        using var run = new RunOptions();
        var side = manifest.Input.Size;
        var random = new Random(1);
        var crops = Enumerable.Range(0, Crops).Select(_ => Face(random)).ToArray();
        var rows = FaceViews.MostRows(manifest.Input);
        long[] shape = manifest.Input.Layout == TensorLayout.Nchw ? [1, 3, side, side] : [1, side, side, 3];
        var pixels = new float[3 * side * side];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = random.NextSingle();
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, shape);
        var names = native.OutputNames.ToArray();
        var scores = new float[Crops];
        var heat = new byte[Crops * (session.Cam?.Cells ?? 0)];

        var (bare, own) = (double.MaxValue, double.MaxValue);
        var began = Stopwatch.GetTimestamp();
        do
        {
            bare = Math.Min(bare, SecondsPerCrop(() =>
            {
                for (var i = 0; i < Crops * rows; i++) native.Run(run, native.InputNames, [input], names).Dispose();
            }));
            own = Math.Min(own, SecondsPerCrop(() => session.Score(crops, scores, heat)));
        }
        while (Stopwatch.GetElapsedTime(began) < time);
        return (bare, own);
    }

    /// <summary>A face so large that every patch of the texture view shows something else.</summary>
    private static FacePixels Face(Random random)
    {
        const int side = FacePack.NativeSide, unit = side / 10;
        byte[] crop = new byte[FacePack.CropBytes], square = new byte[side * side * 3];
        random.NextBytes(crop);
        random.NextBytes(square);
        float[] landmarks = [4 * unit, 3 * unit, 6 * unit, 3 * unit, 5 * unit, 5 * unit, 5 * unit, 6 * unit, unit, 4 * unit, 9 * unit, 4 * unit];
        return new FacePixels(crop, square, new NativeInfo(side, landmarks));
    }

    private static double SecondsPerCrop(Action round)
    {
        var began = Stopwatch.GetTimestamp();
        round();
        return Stopwatch.GetElapsedTime(began).TotalSeconds / Crops;
    }
}
