namespace Deepfake.FrameService.Faces;

/// <summary>Tells faces from what a detector took for one.</summary>
internal static class FacePlausibility
{
    /// <summary>
    /// A face is large enough, about as wide as high, mostly inside the picture, has eyes, nose and mouth in or near its box, and the
    /// mouth on the far side of the nose from the eyes.
    /// </summary>
    public static bool IsPlausible(DetectedFace face, int width, int height, float minimumSide)
    {
        var box = face.Box;
        if (!(Math.Min(box.Width, box.Height) >= minimumSide) || box.Width > 2 * box.Height || box.Height > 2 * box.Width) return false;
        var visible = Math.Max(0, Math.Min(box.X + box.Width, width) - Math.Max(box.X, 0)) * Math.Max(0, Math.Min(box.Y + box.Height, height) - Math.Max(box.Y, 0));
        if (visible < 0.5f * box.Width * box.Height) return false;

        var at = face.Landmarks;
        for (var i = 0; i < 8; i += 2)
        {
            if (at[i] < box.X - 0.2f * box.Width || at[i] > box.X + 1.2f * box.Width) return false;
            if (at[i + 1] < box.Y - 0.2f * box.Height || at[i + 1] > box.Y + 1.2f * box.Height) return false;
        }

        var (sin, cos) = MathF.SinCos(face.EyeAngle);
        float Down(int i) => -sin * at[i] + cos * at[i + 1];
        var eyes = (Down(0) + Down(2)) / 2;
        var apart = float.Hypot(at[2] - at[0], at[3] - at[1]);
        return Down(6) - eyes > 0.12f * face.Size && Down(4) > eyes && Down(4) < Down(6) + 0.05f * face.Size && apart > 0.08f * face.Size;
    }
}
