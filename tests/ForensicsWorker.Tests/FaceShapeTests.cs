using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Faces;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class FaceShapeTests
{
    private static readonly float[] Upright = [100, 100, 160, 100, 130, 140, 130, 170, 80, 110, 180, 110];

    [Fact]
    public void A_shape_is_nose_and_mouth_in_units_of_the_eyes()
    {
        double[] expected = [0.5, 2.0 / 3, 0.5, 7.0 / 6];
        var shape = FaceShape.Describe(Upright)!;
        for (var i = 0; i < 4; i++) Assert.Equal(expected[i], shape[i], 1e-6);
    }

    [Fact]
    public void Place_size_and_tilt_do_not_matter()
    {
        double[] straight = FaceShape.Describe(Upright)!, turned = FaceShape.Describe(Turn(Upright, 0.4, 1.7, 30))!;
        for (var i = 0; i < 4; i++) Assert.Equal(straight[i], turned[i], 1e-4);
        Assert.Equal(0, FaceShape.Jump(Upright, Turn(Upright, 0.4, 1.7, 30))!.Value, 1e-4);
    }

    [Fact]
    public void A_jump_is_what_no_turn_explains()
    {
        float[] moved = [.. Upright];
        moved[5] += 12; // the nose, by a fifth of the eyes' distance
        // scipy.spatial.procrustes-like reference: residual of the best similarity over the eyes' distance.
        Assert.InRange(FaceShape.Jump(Upright, moved)!.Value, 0.05, 0.1);
    }

    [Fact]
    public void Landmarks_that_make_no_face_are_left_out()
    {
        Assert.Null(FaceShape.Describe([]));
        Assert.Null(FaceShape.Describe(new float[12]));
        Assert.Null(FaceShape.Describe([float.NaN, 0, 1, 1, 1, 1, 1, 1]));
        Assert.Null(FaceShape.Jump(new float[12], Upright));
        Assert.Null(FaceShape.Jump(Upright, [1, 2, 3]));
    }

    [Fact]
    public void Proportions_far_from_the_mean_face_are_told()
    {
        double[] mean = [0.5, 2.0 / 3, 0.5, 7.0 / 6], precision = new double[16];
        for (var i = 0; i < 4; i++) precision[5 * i] = 100; // deviations of a tenth
        var calibration = new FaceGeometrySignal().Assumed with { Parameters = new Dictionary<string, IReadOnlyList<double>> { ["mean"] = mean, ["precision"] = precision } };
        Assert.Equal(0, Measure(Upright, calibration).Raw!.Value, 1e-4);
        float[] longFace = [.. Upright];
        longFace[7] += 30; // the mouth, by half of the eyes' distance: five deviations
        var result = Measure(longFace, calibration);
        Assert.Equal(5, result.Raw!.Value, 1e-3);
        Assert.Equal(3, result.Places[0].TrackId);
        Assert.Null(Measure(Upright, new FaceGeometrySignal().Assumed).Score);
    }

    [Theory]
    [InlineData(0.5, 0.0)]
    [InlineData(0.0, -0.3)]
    [InlineData(-0.2, 0.4)]
    public void Shading_is_the_slope_of_brightness(double right, double down)
    {
        var shading = Shading.Of(Lit(200, 200, (new Box(50, 50, 100, 100), right, down)), new Box(50, 50, 100, 100))!.Value;
        Assert.Equal(right, shading.X, 0.02);
        Assert.Equal(down, shading.Y, 0.02);
    }

    [Theory]
    [InlineData(0.4, 0.0, 0.4, 0.1, 0.5)]
    [InlineData(0.4, 0.0, -0.4, 0.0, 1.0)]
    public void Faces_lit_from_different_sides_are_told(double right, double down, double otherRight, double otherDown, double scoreAtMost)
    {
        Box first = new(20, 60, 80, 80), second = new(150, 60, 80, 80);
        var plane = Lit(256, 200, (first, right, down), (second, otherRight, otherDown));
        var pack = TestMaterial.Pack();
        var frames = new Infrastructure.Packs.FramePack
        {
            Thumbnails = new Infrastructure.Packs.ByteTensor("thumbnails", [1, 200, 256, 3], TestMaterial.Rgb(plane.Pixels)),
            Seconds = [0],
            Windows = pack.Windows,
            WindowPixels = pack.WindowPixels,
        };
        var index = TestMaterial.Index(256, [new IndexedFrame { Seconds = 0, Faces = [TestMaterial.Face(1, first, 0), TestMaterial.Face(2, second, 0)] }]);
        var result = TestMaterial.Measure(new LightDirectionSignal(), TestMaterial.Of(frames) with { Index = index });
        Assert.True(result.Score <= scoreAtMost);
        Assert.Equal(scoreAtMost > 0.5, result.Score >= 0.5);
        Assert.Equal(Math.Abs(Math.Atan2(otherDown, otherRight) - Math.Atan2(down, right)) * 180 / Math.PI, result.Raw!.Value, 3.0);
    }

    private static LumaPlane Lit(int width, int height, params (Box Face, double Right, double Down)[] faces)
    {
        var luma = Enumerable.Repeat(60f, width * height).ToArray();
        foreach (var (face, right, down) in faces)
            for (var i = 0; i < luma.Length; i++)
                if (new FaceEllipse(face).Distance(i % width, i / width) < 1)
                    luma[i] = (float)(120 * (1 + right * ((i % width - face.X) / (face.Width / 2) - 1) + down * ((i / width - face.Y) / (face.Height / 2) - 1)));
        return new LumaPlane(luma, width, height);
    }

    private static float[] Turn(float[] landmarks, double angle, double scale, double shift)
    {
        var turned = new float[landmarks.Length];
        for (var i = 0; i < landmarks.Length; i += 2)
        {
            turned[i] = (float)(scale * (Math.Cos(angle) * landmarks[i] - Math.Sin(angle) * landmarks[i + 1]) + shift);
            turned[i + 1] = (float)(scale * (Math.Sin(angle) * landmarks[i] + Math.Cos(angle) * landmarks[i + 1]) - shift);
        }

        return turned;
    }

    private static Measurement Measure(float[] landmarks, SignalCalibration calibration)
    {
        var face = TestMaterial.Face(3, new Box(80, 80, 100, 100), 0) with { Landmarks = landmarks };
        var index = TestMaterial.Index(300, [new IndexedFrame { Seconds = 0, Faces = [face] }]);
        return new FaceGeometrySignal().Measure(TestMaterial.Of(TestMaterial.Pack()) with { Index = index }, calibration);
    }
}
