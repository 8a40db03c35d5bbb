using System.Numerics;

namespace Deepfake.ForensicsWorker.Faces;

/// <summary>The shape that four landmarks make: eyes, nose tip, mouth. Ears are left out: they are hidden too often.</summary>
public static class FaceShape
{
    private const int Points = 4;

    /// <summary>
    /// Nose and mouth in a system in which the right eye lies at (0, 0) and the left one at (1, 0): four numbers that do not depend on place,
    /// size and tilt of the face. Null for landmarks that make no face.
    /// </summary>
    /// <param name="landmarks">x, y pairs: right eye, left eye, nose tip, mouth centre, …</param>
    public static double[]? Describe(IReadOnlyList<float> landmarks)
    {
        if (landmarks.Count < 2 * Points) return null;
        Complex right = At(landmarks, 0), eyes = At(landmarks, 1) - right;
        if (!(eyes.Magnitude > 1)) return null;
        Complex nose = (At(landmarks, 2) - right) / eyes, mouth = (At(landmarks, 3) - right) / eyes;
        double[] shape = [nose.Real, nose.Imaginary, mouth.Real, mouth.Imaginary];
        return Array.TrueForAll(shape, value => Math.Abs(value) < 10) ? shape : null;
    }

    /// <summary>
    /// Root mean square distance of two faces' landmarks after the best similarity transform between them (Procrustes), over the distance
    /// between the eyes of the second. Null for landmarks that make no face.
    /// </summary>
    public static double? Jump(IReadOnlyList<float> before, IReadOnlyList<float> now)
    {
        if (before.Count < 2 * Points || now.Count < 2 * Points) return null;
        Complex meanBefore = 0, meanNow = 0;
        for (var i = 0; i < Points; i++)
        {
            meanBefore += At(before, i) / Points;
            meanNow += At(now, i) / Points;
        }

        // In the complex plane the best turn and scale is one regression coefficient.
        Complex covariance = 0;
        double variance = 0;
        for (var i = 0; i < Points; i++)
        {
            var centred = At(before, i) - meanBefore;
            covariance += Complex.Conjugate(centred) * (At(now, i) - meanNow);
            variance += centred.Real * centred.Real + centred.Imaginary * centred.Imaginary;
        }

        var eyes = (At(now, 1) - At(now, 0)).Magnitude;
        if (!(variance > 1) || !(eyes > 1)) return null;
        var transform = covariance / variance;
        double sum = 0;
        for (var i = 0; i < Points; i++)
        {
            var error = At(now, i) - meanNow - transform * (At(before, i) - meanBefore);
            sum += error.Real * error.Real + error.Imaginary * error.Imaginary;
        }

        return Math.Sqrt(sum / Points) / eyes;
    }

    private static Complex At(IReadOnlyList<float> landmarks, int point) => new(landmarks[2 * point], landmarks[2 * point + 1]);
}
