using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>What a network sees of a face: one or more rows of its input tensor. Not thread-safe: it holds scratch memory.</summary>
internal interface IFaceView
{
    /// <summary>Floats of a row.</summary>
    int Floats { get; }

    /// <summary>Rows of a face, at least one.</summary>
    /// <exception cref="InvalidDataException">The face lacks what this view shows.</exception>
    int Rows(FacePixels face);

    /// <summary>Writes the rows of a face.</summary>
    /// <param name="face">Its pixels.</param>
    /// <param name="rows">Takes as many rows as <see cref="Rows"/> said.</param>
    void Write(FacePixels face, Span<float> rows);
}

/// <summary>Which view a model has.</summary>
internal static class FaceViews
{
    /// <summary>The view that a model's input asks for.</summary>
    public static IFaceView Create(ModelInput input) => input.View == InputView.Texture ? new TextureView(input) : new ContextView(input);

    /// <summary>Rows of a face at most.</summary>
    public static int MostRows(ModelInput input) => input.View == InputView.Texture ? input.Patches : input.TtaFlip ? 2 : 1;
}

/// <summary>The aligned crop, resampled to the network's size; and its mirror image, where the manifest asks for both.</summary>
internal sealed class ContextView(ModelInput input) : IFaceView
{
    private readonly CropPreprocessor _preprocessor = new(input);
    private readonly int _rows = FaceViews.MostRows(input);

    public int Floats => _preprocessor.Floats;

    public int Rows(FacePixels face) => _rows;

    public void Write(FacePixels face, Span<float> rows) => _preprocessor.Write(face.Crop.Span, rows[..Floats], rows[Floats..]);
}
