using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Credentials;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What a C2PA manifest says, integrity and trust apart (<see cref="ContentCredentials"/>). Raw measure: 1 where the manifest names a generator
/// as source of the picture, 0.8 where it was signed for other bytes or was changed, 0.3 where nothing ties it to the file, 0 where it holds. Credentials
/// that hold are no proof of truth, and their absence is none of forgery: most programs strip them.
/// </summary>
public sealed class ContentCredentialsSignal : IForensicSignal
{
    private const double Synthetic = 1, Altered = 0.8, Untied = 0.3;

    /// <inheritdoc/>
    public string Name => "content_credentials";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Format is not (MediaFormat.Jpeg or MediaFormat.Png or MediaFormat.Webp)) return Measurement.NotApplicable("Content credentials of this format are not read.");
        if (material.Credentials is not { } credentials)
        {
            return Measurement.NotApplicable(
                ManifestCarrier.Find(material.Format, material.Head) is null ? "There are no content credentials; that is no evidence." : "The content credentials cannot be read.");
        }

        var synthetic = credentials.Actions.Any(IsSynthetic);
        var broken = material.HashCheck == CredentialCheck.Broken || credentials.Assertions == CredentialCheck.Broken || credentials.Signature == CredentialCheck.Broken;
        var tied = material.HashCheck == CredentialCheck.Holds && credentials.Assertions == CredentialCheck.Holds && credentials.Signature == CredentialCheck.Holds;
        var raw = synthetic ? Synthetic : broken ? Altered : tied ? 0 : Untied;
        var integrity = material.HashCheck == CredentialCheck.Broken ? "the file is not the one that was signed"
            : credentials.Signature == CredentialCheck.Broken || credentials.Assertions == CredentialCheck.Broken ? "they were changed after signing"
            : credentials.LeavesOutPicture ? "they leave out parts of the picture"
            : tied ? "file and claim are as signed" : "not all of their ties could be checked";
        return Measurement.Of(
            raw,
            calibration.Score(raw),
            $"Content credentials{Names(credentials)}{(synthetic ? " declare synthetic media" : "")}; integrity: {integrity}; trust not checked.",
            ("hash_binding", Number(material.HashCheck)), ("assertions", Number(credentials.Assertions)), ("signature", Number(credentials.Signature)),
            ("declares_synthetic", synthetic ? 1 : 0), ("trust_checked", 0));
    }

    /// <summary>Terms of IPTC's digital source types that name a generator.</summary>
    private static bool IsSynthetic(string text) =>
        text.EndsWith("/trainedAlgorithmicMedia", StringComparison.Ordinal) || text.EndsWith("/compositeWithTrainedAlgorithmicMedia", StringComparison.Ordinal)
        || text.EndsWith("/algorithmicMedia", StringComparison.Ordinal);

    /// <summary>Only printable, short and quoted: these texts come from the file.</summary>
    private static string Names(ContentCredentials credentials)
    {
        const int longest = 40;
        return (Clean(credentials.Generator), Clean(credentials.Signer)) switch
        {
            ({ } generator, { } signer) => $" by \"{generator}\", signed as \"{signer}\"",
            ({ } generator, null) => $" by \"{generator}\"",
            (null, { } signer) => $" signed as \"{signer}\"",
            _ => "",
        };

        static string? Clean(string? text)
        {
            var clean = new string([.. (text ?? "").Where(c => !char.IsControl(c) && c != '"').Take(longest)]).Trim();
            return clean.Length > 0 ? clean : null;
        }
    }

    private static double Number(CredentialCheck check) => check switch
    {
        CredentialCheck.Holds => 1,
        CredentialCheck.Broken => 0,
        _ => double.NaN,
    };
}
