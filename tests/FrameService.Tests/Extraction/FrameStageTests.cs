using Deepfake.Contracts;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;
using Deepfake.FrameService.Tests.Media;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.FrameService.Tests.Extraction;

[Collection(MediaTests.Name)]
public sealed class FrameStageTests(MediaWorkshop workshop, Detectors detectors)
{
    public static TheoryData<MediaFormat, MediaKind, int> Formats => new()
    {
        { MediaFormat.Jpeg, MediaKind.Image, 1 },
        { MediaFormat.Png, MediaKind.Image, 1 },
        { MediaFormat.Webp, MediaKind.Image, 1 },
        { MediaFormat.Bmp, MediaKind.Image, 1 },
        { MediaFormat.Tiff, MediaKind.Image, 1 },
        { MediaFormat.Gif, MediaKind.Animation, 12 },
        { MediaFormat.Mp4, MediaKind.Video, 32 },
        { MediaFormat.Mov, MediaKind.Video, 32 },
        { MediaFormat.Avi, MediaKind.Video, 32 },
        { MediaFormat.Mkv, MediaKind.Video, 32 },
        { MediaFormat.Webm, MediaKind.Video, 32 },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Every_format_gives_its_frames_and_faces(MediaFormat format, MediaKind kind, int frames)
    {
        var run = await StageRun.OfAsync(Samples.Of(workshop, format), format, detectors.Finder);
        Assert.Equal((kind, frames), (run.Index.Kind, run.Index.Frames.Count));
        Assert.Equal(kind, run.Last.Kind);
        Assert.Equal("blazeface-256", run.Index.Detector);
        Assert.All(run.Index.Frames, frame => Assert.InRange(frame.Faces.Count, 2, 3));
        Assert.Equal(run.Index.Frames.Select(frame => frame.Seconds).Order(), run.Index.Frames.Select(frame => frame.Seconds));
        Assert.Equal(kind == MediaKind.Image, run.Index.DurationSeconds is null);
        await AssertConsistentAsync(run);
    }

    [Fact]
    public async Task An_animated_webp_gives_its_frames_and_times()
    {
        var run = await StageRun.OfAsync(Samples.AnimatedWebp(workshop), MediaFormat.Webp, detectors.Finder);
        var gif = await StageRun.OfAsync(Samples.Of(workshop, MediaFormat.Gif), MediaFormat.Gif, detectors.Finder);
        Assert.Equal((MediaKind.Animation, 12, 640, 400), (run.Index.Kind, run.Index.Frames.Count, run.Index.Width, run.Index.Height));
        Assert.Equal(gif.Index.Frames.Select(frame => Math.Round(frame.Seconds, 2)), run.Index.Frames.Select(frame => Math.Round(frame.Seconds, 2)));
        foreach (var (a, b) in gif.Index.Frames.Zip(run.Index.Frames))
        {
            Assert.Equal(a.Faces.Count, b.Faces.Count);
            Assert.All(a.Faces, face => Assert.Contains(b.Faces, other => Math.Abs(face.Box.X - other.Box.X) < 8));
        }

        await AssertConsistentAsync(run);
    }

    [Fact]
    public async Task An_animated_webp_of_odd_size_with_transparent_frames_is_read()
    {
        var film = workshop.Make("odd.webp", "-i", Samples.Of(workshop, MediaFormat.Gif), "-vf", "scale=483:301", "-c:v", "libwebp_anim", "-q:v", "60");
        var run = await StageRun.OfAsync(film, MediaFormat.Webp, detectors.Finder);
        Assert.Equal((MediaKind.Animation, 12, 483, 301), (run.Index.Kind, run.Index.Frames.Count, run.Index.Width, run.Index.Height));
    }

    [Theory]
    [InlineData(MediaFormat.Jpeg)]
    [InlineData(MediaFormat.Png)]
    [InlineData(MediaFormat.Webp)]
    public async Task A_picture_of_just_the_allowed_size_is_read(MediaFormat format)
    {
        var picture = workshop.Make($"limit.{format.ToString().ToLowerInvariant()}", "-i", Photos.Three, "-vf", "scale=613:411", "-frames:v", "1");
        var run = await StageRun.OfAsync(picture, format, detectors.Finder, new FrameServiceOptions { MaxPixels = 613 * 411 });
        Assert.Equal((613, 411), (run.Index.Width, run.Index.Height));
        await Assert.ThrowsAnyAsync<Exception>(() => StageRun.OfAsync(picture, format, detectors.Finder, new FrameServiceOptions { MaxPixels = 613 * 411 - 1 }));
    }

    [Fact]
    public async Task Faces_are_in_source_pixels_where_the_photo_shows_them()
    {
        // Decoded at half the size: boxes are still those of the file.
        foreach (var pixels in new[] { 16_000_000, 1920 * 1280 / 4 })
        {
            var run = await StageRun.OfAsync(Photos.Three, MediaFormat.Jpeg, detectors.Finder, new FrameServiceOptions { DecodePixels = pixels });
            Assert.Equal((1920, 1280), (run.Index.Width, run.Index.Height));
            var faces = Assert.Single(run.Index.Frames).Faces;
            Assert.Equal(3, faces.Count);
            foreach (var expected in Photos.ThreeFaces)
                Assert.Contains(faces, face => float.Hypot(face.Landmarks[0] - expected[0], face.Landmarks[1] - expected[1]) < face.Quality.SizePixels / 8);
        }
    }

    [Theory]
    [InlineData(3, 180)]
    [InlineData(6, 90)]
    [InlineData(8, 270)]
    public async Task A_rotated_jpeg_is_looked_at_upright_and_its_size_is_the_rotated_one(int orientation, int degreesToUndo)
    {
        var turn = degreesToUndo switch { 90 => "transpose=cclock", 270 => "transpose=clock", _ => "hflip,vflip" };
        var path = workshop.Once($"oriented-{orientation}.jpg", file =>
        {
            var plain = workshop.Make($"turned-{orientation}.jpg", "-i", Photos.Three, "-vf", $"scale=960:-2,{turn}", "-q:v", "2", "-frames:v", "1");
            var bytes = File.ReadAllBytes(plain);
            byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
            File.WriteAllBytes(file, [.. bytes[..2], .. exif, .. bytes[2..]]);
        });
        var run = await StageRun.OfAsync(path, MediaFormat.Jpeg, detectors.Finder);
        Assert.Equal((960, 640), (run.Index.Width, run.Index.Height));
        Assert.Equal(3, run.Index.Frames[0].Faces.Count);
        Assert.All(run.Index.Frames[0].Faces, face => Assert.InRange(face.Quality.Roll, -50, 50));
    }

    [Fact]
    public async Task A_rotated_film_is_looked_at_upright()
    {
        var path = workshop.Once("portrait.mp4", file =>
        {
            var lying = workshop.Make("lying.mp4", "-i", Samples.Of(workshop, MediaFormat.Mp4), "-vf", "transpose=cclock", "-c:v", "libx264", "-t", "2");
            MediaWorkshop.Run("ffmpeg", ["-v", "error", "-nostdin", "-y", "-i", lying, "-metadata:s:v:0", "rotate=270", "-c", "copy", file]);
        });
        var run = await StageRun.OfAsync(path, MediaFormat.Mp4, detectors.Finder);
        Assert.Equal((640, 426), (run.Index.Width, run.Index.Height));
        Assert.All(run.Index.Frames, frame => Assert.NotEmpty(frame.Faces));
    }

    [Fact]
    public async Task Shards_are_announced_when_stored_and_the_end_comes_last()
    {
        var run = await StageRun.OfAsync(Samples.Of(workshop, MediaFormat.Mp4), MediaFormat.Mp4, detectors.Finder);
        var shards = run.Shards.ToList();
        Assert.Equal(Enumerable.Range(0, run.Last.ShardCount), shards.Select(shard => shard.Shard));
        Assert.All(shards.SkipLast(1), shard => Assert.Equal(16, shard.Count));
        Assert.InRange(shards[^1].Count, 1, 16);
        var progress = run.Messages.OfType<AnalysisProgressed>().ToList();
        Assert.Equal([0.05, 0.25, 0.5, 0.75], progress.Select(message => message.Fraction));
        Assert.All(progress, message => Assert.Equal(Stage.Frames, message.Stage));
        Assert.True(run.Messages.IndexOf(shards[0]) < run.Messages.IndexOf(progress[^1]), "shards go out while decoding goes on");
        foreach (var step in new[] { "probe", "decode", "detect", "crop", "store", "total" }) Assert.True(run.Last.Timings[step] > 0, step);
    }

    [Fact]
    public async Task Doing_it_twice_writes_the_same_bytes()
    {
        foreach (var (path, format) in new[]
        {
            (Samples.Of(workshop, MediaFormat.Mp4), MediaFormat.Mp4), (Samples.AnimatedWebp(workshop), MediaFormat.Webp), (Photos.Four, MediaFormat.Jpeg),
        })
        {
            var first = await StageRun.OfAsync(path, format, detectors.Finder);
            var second = await StageRun.OfAsync(path, format, detectors.Finder, new FrameServiceOptions { DecodeThreads = 1 });
            Assert.Equal(first.Store.Objects.Keys.Order(), second.Store.Objects.Keys.Order());
            foreach (var (key, bytes) in first.Store.Objects) Assert.True(bytes.AsSpan().SequenceEqual(second.Store.Objects[key]), key);
        }
    }

    [Fact]
    public async Task A_medium_without_a_face_has_no_shard_but_frames()
    {
        var run = await StageRun.OfAsync(workshop.Make("plain.png", "-f", "lavfi", "-i", "testsrc=size=320x240", "-frames:v", "1"), MediaFormat.Png, detectors.Finder);
        Assert.Equal(0, run.Last.ShardCount);
        Assert.Empty(run.Shards);
        Assert.Empty(Assert.Single(run.Index.Frames).Faces);
        Assert.Empty((await run.FramePackAsync()).Windows);
    }

    [Fact]
    public async Task Transparent_pixels_are_black_whatever_colour_they_hide()
    {
        var path = workshop.Make("clear.png", "-f", "lavfi", "-i", "color=red@0.0:size=64x64,format=rgba", "-frames:v", "1");
        var thumbnail = (await (await StageRun.OfAsync(path, MediaFormat.Png, detectors.Finder)).FramePackAsync()).Thumbnails;
        Assert.All(thumbnail.Data.ToArray(), value => Assert.InRange(value, 0, 1));
    }

    [Fact]
    public async Task Crops_of_a_crowd_keep_to_the_budget_over_the_whole_film()
    {
        var options = new FrameServiceOptions { CropsPerMedium = 40, FacesPerFrame = 2 };
        var run = await StageRun.OfAsync(Samples.Of(workshop, MediaFormat.Mp4), MediaFormat.Mp4, detectors.Finder, options);
        Assert.InRange(run.Shards.Sum(shard => shard.Count), 32, 40);
        Assert.All(run.Index.Frames, frame => Assert.InRange(frame.Faces.Count, 1, 2));
    }

    [Fact]
    public async Task A_film_decoded_for_a_few_of_its_frames_gives_one_a_stratum()
    {
        var film = workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "veryfast", "-bf", "3");
        var run = await StageRun.OfAsync(film, MediaFormat.Mp4, detectors.Finder);
        var strata = SamplePlanner.Strata(30, 32);
        Assert.Equal(32, run.Index.Frames.Count);
        foreach (var (frame, stratum) in run.Index.Frames.Zip(strata)) Assert.InRange(frame.Seconds, stratum.Start, stratum.End);
    }

    [Fact]
    public async Task Long_films_are_jumped_through_from_end_to_end()
    {
        var film = workshop.Film("mp4", 30, "-c:v", "libx264", "-preset", "ultrafast", "-g", "12");
        var run = await StageRun.OfAsync(film, MediaFormat.Mp4, detectors.Finder, new FrameServiceOptions { OnePassPixels = 1e6 });
        Assert.Equal(32, run.Index.Frames.Count);
        var seconds = run.Index.Frames.Select(frame => frame.Seconds).ToList();
        Assert.InRange(seconds[0], 0, 1);
        Assert.InRange(seconds[^1], 28.5, 30);
        Assert.All(seconds.Zip(seconds.Skip(1), (a, b) => b - a), gap => Assert.InRange(gap, 0.3, 1.6));
    }

    [Theory]
    [InlineData(1_000_000_000)]
    [InlineData(65_536)]
    public async Task Films_with_few_key_frames_are_sampled_from_end_to_end_too(long jumpPixels)
    {
        var film = workshop.Film("mp4", 20, "-c:v", "libx264", "-preset", "ultrafast", "-g", "10000", "-x264-params", "scenecut=0");
        var options = new FrameServiceOptions { OnePassPixels = 1e6, FramesPerVideo = 12, JumpPixels = jumpPixels };
        var run = await StageRun.OfAsync(film, MediaFormat.Mp4, detectors.Finder, options);
        Assert.Equal(12, run.Index.Frames.Count);
        Assert.InRange(run.Index.Frames[^1].Seconds, 18, 20);
    }

    [Fact]
    public async Task A_film_has_a_limit_of_its_own()
    {
        var film = workshop.Film("mp4", 20, "-c:v", "libx264", "-preset", "ultrafast", "-g", "10000", "-x264-params", "scenecut=0");
        var (width, height) = await SizeAsync();
        var options = new FrameServiceOptions { MaxFilmPixels = (long)width * height - 1 };
        Assert.Equal(ErrorCodes.TooManyPixels, (await Assert.ThrowsAsync<MediaException>(() => new MediaProber(options).ProbeAsync(film, MediaFormat.Mp4, CancellationToken.None))).Code);

        async Task<(int, int)> SizeAsync()
        {
            var facts = await new MediaProber(new FrameServiceOptions { MaxPixels = 65_536 * 16 }).ProbeAsync(film, MediaFormat.Mp4, CancellationToken.None);
            return (facts.Width, facts.Height);
        }
    }

    [Theory]
    [InlineData(1920, 1080, 8)]
    [InlineData(3840, 2160, 8)]
    [InlineData(7680, 4320, 2)]
    [InlineData(8192, 4320, 1)]
    public void The_larger_the_frames_the_fewer_decoders_run_at_once(int width, int height, int decoders) => Assert.Equal(
        decoders, new FrameSource(new FrameServiceOptions()).JumpsAtOnce(new MediaFacts { Format = MediaFormat.Mp4, Kind = MediaKind.Video, Width = width, Height = height, Codec = "h264" }));

    [Fact]
    public async Task A_recording_that_does_not_know_its_length_is_sampled_from_end_to_end()
    {
        var film = workshop.Once("live.webm", path => MediaWorkshop.Run("/bin/sh", ["-c", $"ffmpeg -v error -nostdin -i '{Samples.Of(workshop, MediaFormat.Webm)}' -c copy -f webm -live 1 - | cat > '{path}'"]));
        var run = await StageRun.OfAsync(film, MediaFormat.Webm, detectors.Finder);
        Assert.Equal(32, run.Index.Frames.Count);
        Assert.InRange(run.Index.Frames[^1].Seconds, 1.8, 2);
        Assert.InRange(run.Index.DurationSeconds!.Value, 1.9, 2.1);
    }

    [Fact]
    public async Task Two_people_that_cross_the_picture_are_two_tracks()
    {
        var film = workshop.Make(
            "walkers.mp4", "-loop", "1", "-framerate", "25", "-t", "4", "-i", Photos.Three, "-loop", "1", "-framerate", "25", "-t", "4", "-i", Photos.Four, "-filter_complex",
            "color=c=gray:s=1280x720:r=25:d=4[bg];[0:v]crop=340:400:300:300,scale=240:-2[a];[1:v]crop=340:400:1130:220,scale=240:-2[b];"
            + "[bg][a]overlay=x=20+t*200:y=40[x];[x][b]overlay=x=1000-t*200:y=420,format=yuv420p", "-c:v", "libx264");
        var run = await StageRun.OfAsync(film, MediaFormat.Mp4, detectors.Finder);
        Assert.All(run.Index.Frames, frame => Assert.Equal(2, frame.Faces.Count));
        Assert.Equal([1, 2], run.Index.Frames.SelectMany(frame => frame.Faces).Select(face => face.TrackId).Distinct().Order());
        foreach (var track in run.Index.Frames.SelectMany(frame => frame.Faces).GroupBy(face => face.TrackId))
        {
            var upper = track.First().Box.Y < 360;
            Assert.All(track, face => Assert.Equal(upper, face.Box.Y < 360));
        }
    }

    [Fact]
    public async Task Windows_show_the_face_in_native_pixels()
    {
        var pack = await (await StageRun.OfAsync(Photos.Three, MediaFormat.Jpeg, detectors.Finder)).FramePackAsync();
        var window = Assert.Single(pack.Windows);
        Assert.Equal((pack.WindowPixels[0].Shape[1], pack.WindowPixels[0].Shape[0]), ((int)window.Origin.Width, (int)window.Origin.Height));
        using var photo = Pictures.Decode(Photos.Three);
        var expected = photo.View.Row((int)window.Origin.Y + 5).Slice((int)window.Origin.X * 3, (int)window.Origin.Width * 3);
        Assert.True(expected.SequenceEqual(pack.WindowPixels[0].Data.Span.Slice(5 * expected.Length, expected.Length)));
        Assert.Equal([1, 213, 320, 3], pack.Thumbnails.Shape);
    }

    /// <summary>Index, packs and messages tell the same story.</summary>
    private static async Task AssertConsistentAsync(StageRun run)
    {
        var packs = new List<FacePack>();
        foreach (var shard in run.Shards)
        {
            packs.Add(await run.FacePackAsync(shard));
            Assert.Equal(shard.Count, packs[^1].Crops.Count);
        }

        Assert.Equal(run.Index.Frames.Sum(frame => frame.Faces.Count), packs.Sum(pack => pack.Crops.Count));
        foreach (var frame in run.Index.Frames)
        {
            Assert.Equal(frame.Faces.OrderByDescending(face => face.Quality.SizePixels), frame.Faces);
            foreach (var face in frame.Faces)
            {
                var crop = packs[face.Shard].Crops[face.Row];
                Assert.Equal((frame.Seconds, face.TrackId, face.Box, face.Quality), (crop.Seconds, crop.TrackId, crop.Box, crop.Quality));
                Assert.Equal(crop.Landmarks[1], crop.Landmarks[3], 1);
                Assert.InRange(crop.Landmarks[0], 50, crop.Landmarks[2]);
            }
        }

        var frames = await run.FramePackAsync();
        Assert.Equal(run.Index.Frames.Select(frame => frame.Seconds), frames.Seconds);
        Assert.Equal(FramePack.ThumbnailSide, frames.Thumbnails.Shape[2]);
        Assert.InRange(frames.Windows.Count, 1, FramePack.MaxWindows);
    }
}
