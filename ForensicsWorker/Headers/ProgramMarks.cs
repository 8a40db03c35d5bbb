namespace Deepfake.ForensicsWorker.Headers;

/// <summary>Names of programs in texts that a file carries.</summary>
public static class ProgramMarks
{
    private static readonly (string Mark, string Name)[] Generators =
    [
        ("trainedalgorithmicmedia", "IPTC's mark for synthetic media"), ("stable diffusion", "Stable Diffusion"), ("stablediffusion", "Stable Diffusion"),
        ("comfyui", "ComfyUI"), ("invokeai", "InvokeAI"), ("automatic1111", "AUTOMATIC1111"), ("novelai", "NovelAI"), ("midjourney", "Midjourney"),
        ("dall-e", "DALL-E"), ("dall·e", "DALL-E"), ("openai", "OpenAI"), ("adobe firefly", "Adobe Firefly"), ("made with google ai", "Google AI"),
        ("deepfacelab", "DeepFaceLab"), ("faceswap", "FaceSwap"), ("facefusion", "FaceFusion"), ("reface", "Reface"), ("faceapp", "FaceApp"),
        ("roop", "roop"), ("heygen", "HeyGen"), ("synthesia", "Synthesia"), ("d-id", "D-ID"), ("runwayml", "Runway"), ("flux.1", "FLUX"),
        ("draw things", "Draw Things"), ("fooocus", "Fooocus"), ("leonardo.ai", "Leonardo"), ("openart", "OpenArt"),
    ];

    private static readonly (string Mark, string Name)[] Editors =
    [
        ("photoshop", "Adobe Photoshop"), ("lightroom", "Adobe Lightroom"), ("gimp", "GIMP"), ("snapseed", "Snapseed"), ("facetune", "Facetune"),
        ("affinity photo", "Affinity Photo"), ("pixelmator", "Pixelmator"), ("paint.net", "Paint.NET"), ("picsart", "Picsart"), ("meitu", "Meitu"),
        ("canva", "Canva"), ("luminar", "Luminar"), ("capture one", "Capture One"), ("capcut", "CapCut"), ("adobe premiere", "Adobe Premiere"),
        ("after effects", "Adobe After Effects"), ("davinci resolve", "DaVinci Resolve"), ("final cut", "Final Cut"), ("imovie", "iMovie"), ("kinemaster", "KineMaster"),
    ];

    /// <summary>The first generator or face swapper that is named, or IPTC's mark; null for none.</summary>
    public static string? Generator(string texts) => Find(Generators, texts);

    /// <summary>The first editing program that is named; null for none.</summary>
    public static string? Editor(string texts) => Find(Editors, texts);

    private static string? Find((string Mark, string Name)[] marks, string texts) => Array.Find(marks, mark => ContainsWord(texts, mark.Mark)).Name;

    /// <summary>Whole words only: "canvas" names no editor.</summary>
    private static bool ContainsWord(ReadOnlySpan<char> text, string word)
    {
        for (int at; (at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase)) >= 0; text = text[(at + 1)..])
        {
            var end = at + word.Length;
            if ((at == 0 || !char.IsLetter(text[at - 1])) && (end == text.Length || !char.IsLetter(text[end]))) return true;
        }

        return false;
    }
}
