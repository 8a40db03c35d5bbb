using System.Globalization;
using System.Text;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Packing;

namespace Deepfake.FrameService.Export;

/// <summary>Writes crops to numbered packs and one CSV.</summary>
internal sealed class CropsWriter : IAsyncDisposable
{
    private readonly string _folder;
    private readonly StreamWriter _table;
    private readonly ShardBuffer _faces;

    /// <summary>Starts a folder; what an earlier run left there is removed.</summary>
    public CropsWriter(string folder, int perPack)
    {
        (_folder, _faces) = (folder, new ShardBuffer(perPack));
        foreach (var old in Directory.EnumerateFiles(folder, "crops-*.safetensors")) File.Delete(old);
        _table = new StreamWriter(Path.Combine(folder, "crops.csv"), append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        _table.WriteLine(
            "path,pack,row,seconds,track,x,y,width,height,confidence,detector,size,sharpness,brightness,yaw,roll,"
            + string.Join(',', Enumerable.Range(0, 6).Select(i => $"l{i}x,l{i}y")));
    }

    /// <summary>Crops written.</summary>
    public int Rows { get; private set; }

    /// <summary>Adds the crops of one frame.</summary>
    public async Task WriteAsync(string name, IEnumerable<ExtractedFace> faces, CancellationToken cancellationToken)
    {
        foreach (var extracted in faces)
        {
            var (face, info) = (extracted.Face, extracted.Info);
            var (box, quality) = (info.Box, info.Quality);
            var line = new StringBuilder(256).Append(name).Append(',').Append(PackName(_faces.Shard)).Append(',').Append(_faces.Add(extracted));
            Append(line, info.Seconds, "0.####").Append(',').Append(info.TrackId);
            foreach (var value in (ReadOnlySpan<float>)[box.X, box.Y, box.Width, box.Height]) Append(line, value, "0.##");
            Append(line, face.Confidence, "0.####").Append(',').Append(face.Detector);
            foreach (var value in (ReadOnlySpan<float>)[quality.SizePixels, quality.Sharpness, quality.Brightness]) Append(line, value, "0.##");
            Append(line, quality.Yaw, "0.####");
            Append(line, quality.Roll, "0.##");
            for (var i = 0; i < 12; i++)
            {
                if (info.Landmarks.Count == 12) Append(line, info.Landmarks[i], "0.##");
                else line.Append(',');
            }

            await _table.WriteLineAsync(line, cancellationToken);
            Rows++;
            if (_faces.IsFull) await FinishAsync(cancellationToken);
        }
    }

    /// <summary>Writes the pack that is being filled.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _table.FlushAsync(cancellationToken);
        if (_faces.Count == 0) return;
        await using (var file = File.Create(Path.Combine(_folder, PackName(_faces.Shard)))) await _faces.Pack().WriteAsync(file, cancellationToken);
        _faces.Next();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _table.DisposeAsync();

    private static string PackName(int number) => $"crops-{number:D5}.safetensors";

    private static StringBuilder Append(StringBuilder line, double value, string format) => line.Append(',').Append(value.ToString(format, CultureInfo.InvariantCulture));
}
