namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Axes of a face in pixels of a picture: <c>At(0, 0)</c> is the midpoint of the eyes, <c>At(−1, 0)</c> the mouth centre, <c>At(0, ±1)</c> its
/// sides. The same as <c>FaceFrame</c> of <c>training/detector/selfblend.py</c>.
/// </summary>
internal readonly struct FaceFrame
{
    private readonly double _x, _y, _upX, _upY, _acrossX, _acrossY, _left, _right;

    /// <summary>Spans the axes.</summary>
    /// <param name="landmarks">x, y pairs: right eye, left eye, nose tip, mouth centre, right ear, left ear (12 numbers).</param>
    public FaceFrame(IReadOnlyList<float> landmarks)
    {
        double X(int point) => landmarks[2 * point];
        double Y(int point) => landmarks[2 * point + 1];
        (_x, _y) = ((X(0) + X(1)) / 2, (Y(0) + Y(1)) / 2);
        double toEyesX = _x - X(3), toEyesY = _y - Y(3), distance = Math.Sqrt(toEyesX * toEyesX + toEyesY * toEyesY);
        var height = Math.Max(distance, 4);
        var (unitX, unitY) = distance > 1e-6 ? (toEyesX / height, toEyesY / height) : (0.0, -1.0);
        (_acrossX, _acrossY) = (-unitY, unitX);
        double eyesX = X(1) - X(0), eyesY = Y(1) - Y(0);
        if (_acrossX * eyesX + _acrossY * eyesY < 0) (_acrossX, _acrossY) = (-_acrossX, -_acrossY);
        var half = Math.Max(Math.Sqrt(eyesX * eyesX + eyesY * eyesY) / 2, 0.3 * height);
        // A turned head shows one cheek narrower than the other; ears that the detector guessed are kept within reason.
        _left = Math.Clamp((X(5) - _x) * _acrossX + (Y(5) - _y) * _acrossY, 1.1 * half, 2.6 * half);
        _right = Math.Clamp((_x - X(4)) * _acrossX + (_y - Y(4)) * _acrossY, 1.1 * half, 2.6 * half);
        (_upX, _upY) = (unitX * height, unitY * height);
    }

    /// <summary>A point so many eye-mouth distances above the eyes and so many half widths towards the person's left (negative: right).</summary>
    public (double X, double Y) At(double rise, double side)
    {
        var half = side >= 0 ? _left : _right;
        return (_x + _upX * rise + _acrossX * half * side, _y + _upY * rise + _acrossY * half * side);
    }
}
