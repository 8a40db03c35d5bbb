using Deepfake.Contracts;

namespace Deepfake.FrameService.Faces;

/// <summary>How much a picture is worth.</summary>
public enum SearchEffort
{
    /// <summary>One view; more of them only when it shows no face (frames of a film).</summary>
    Quick,

    /// <summary>Tiles too, wherever the picture is larger than the network's input (stills).</summary>
    Thorough,
}

/// <summary>
/// Finds the faces of a picture: the primary detector on the whole picture and, for small faces, on overlapping tiles; the fallback
/// detector where the primary finds nothing or is missing. A face that was small or overly large in its view is looked at again from
/// the distance the networks were trained for, which brings the spread of its landmarks from 2–10 % of its size to about 1 %.
/// </summary>
public sealed class FaceFinder(IFaceDetector? primary, IFaceDetector? fallback, FaceFinderOptions options) : IDisposable
{
    private const int MostRefined = 24;

    /// <summary>Name of the detector that is asked first.</summary>
    /// <exception cref="InvalidOperationException">There is no detector at all.</exception>
    public string DefaultDetector => (primary ?? fallback ?? throw new InvalidOperationException("No face detector could be loaded.")).Name;

    /// <summary>Whether the primary detector is loaded.</summary>
    public bool HasPrimary => primary is not null;

    /// <summary>Plausible faces, largest first, each once, in pixels of the picture.</summary>
    public IReadOnlyList<DetectedFace> Find(RgbView picture, SearchEffort effort)
    {
        var faces = primary is null ? [] : Find(primary, picture, effort);
        if (faces.Count == 0 && fallback is not null) faces = Find(fallback, picture, effort);
        return faces;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        primary?.Dispose();
        fallback?.Dispose();
    }

    private List<DetectedFace> Find(IFaceDetector detector, RgbView picture, SearchEffort effort)
    {
        int width = picture.Width, height = picture.Height;
        var longer = Math.Max(width, height);
        var sightings = new List<Sighting>();
        Look(detector, picture, ViewPlan.Whole(width, height), sightings);

        // A face of a tenth of the view is found; tiles bring smaller ones up to that.
        if (effort == SearchEffort.Thorough || sightings.Count == 0)
        {
            if (longer >= 1.5f * detector.InputSide) LookAt(ViewPlan.Tiles(width, height, 2), detector, picture, sightings);
            if (longer >= 3.5f * detector.InputSide) LookAt(ViewPlan.Tiles(width, height, 3), detector, picture, sightings);
        }

        if (sightings.Count == 0) Look(detector, picture, ViewPlan.Loose(width, height), sightings);
        return Refined(sightings, picture);
    }

    private List<DetectedFace> Refined(List<Sighting> sightings, RgbView picture)
    {
        var views = sightings.ToDictionary(sighting => sighting.Face, sighting => sighting.ViewSide);
        var faces = NonMaximumSuppression.AcrossViews(views.Keys, options.Overlap);
        SortBySize(faces);
        for (var i = 0; i < Math.Min(faces.Count, MostRefined); i++) faces[i] = Refine(faces[i], views[faces[i]], picture);
        faces = NonMaximumSuppression.AcrossViews(faces, options.Overlap);
        SortBySize(faces);
        return faces;
    }

    /// <summary>
    /// Looks again where the face was not about a quarter to a half of its view. The fallback does it: from near it is as exact as the
    /// primary and five times as fast. Twice at most, because the box of a face that filled its view comes out far too small at first.
    /// </summary>
    private DetectedFace Refine(DetectedFace face, float viewSide, RgbView picture)
    {
        if ((fallback ?? primary) is not { } refiner) return face;
        var found = new List<Sighting>();
        for (var turn = 0; turn < 2 && face.Size / viewSide is < 0.22f or > 0.5f; turn++)
        {
            viewSide = 2.75f * face.Size;
            found.Clear();
            Look(refiner, picture, new SquareView(face.Box.X + face.Box.Width / 2 - viewSide / 2, face.Box.Y + face.Box.Height / 2 - viewSide / 2, viewSide), found);
            var best = found.Select(sighting => sighting.Face).MaxBy(other => Alikeness(face.Box, other.Box));
            if (best is null || Alikeness(face.Box, best.Box) < 0.2f) break;
            face = best with { Confidence = Math.Max(best.Confidence, face.Confidence), Detector = face.Detector };
        }

        return face;
    }

    private static float Alikeness(Box a, Box b) => NonMaximumSuppression.IntersectionOverUnion(a, b);

    private static void SortBySize(List<DetectedFace> faces) =>
        faces.Sort((a, b) => a.Size != b.Size ? b.Size.CompareTo(a.Size) : a.Box.X != b.Box.X ? a.Box.X.CompareTo(b.Box.X) : a.Box.Y.CompareTo(b.Box.Y));

    private void LookAt(IEnumerable<SquareView> views, IFaceDetector detector, RgbView picture, List<Sighting> sightings)
    {
        foreach (var view in views) Look(detector, picture, view, sightings);
    }

    private void Look(IFaceDetector detector, RgbView picture, SquareView view, List<Sighting> sightings)
    {
        var candidates = new List<DetectedFace>();
        detector.Detect(picture, view, candidates);
        foreach (var face in NonMaximumSuppression.Weighted(candidates, options.Overlap))
        {
            if (FacePlausibility.IsPlausible(face, picture.Width, picture.Height, options.MinimumSide) && !IsCut(face, view, picture))
                sightings.Add(new Sighting(face, view.Side));
        }
    }

    /// <summary>Whether a view's inner edge runs through the face: another view shows it whole.</summary>
    private static bool IsCut(DetectedFace face, SquareView view, RgbView picture)
    {
        var (box, slack) = (face.Box, 0.02f * view.Side);
        return (view.X > 0 && box.X < view.X + slack)
            || (view.Y > 0 && box.Y < view.Y + slack)
            || (view.X + view.Side < picture.Width && box.X + box.Width > view.X + view.Side - slack)
            || (view.Y + view.Side < picture.Height && box.Y + box.Height > view.Y + view.Side - slack);
    }

    private sealed record Sighting(DetectedFace Face, float ViewSide);
}

/// <summary>Limits of the search.</summary>
public sealed record FaceFinderOptions
{
    /// <summary>Least side of a face in pixels of the decoded picture.</summary>
    public float MinimumSide { get; init; } = 16;

    /// <summary>Overlap (intersection over union) above which two candidates are one face.</summary>
    public float Overlap { get; init; } = 0.3f;
}
