using Deepfake.Contracts;

namespace Deepfake.IngestService.Submission;

/// <summary>Names of the accepted formats.</summary>
internal static class MediaTypes
{
    /// <summary>The list as a person reads it.</summary>
    public const string Accepted = "JPEG, PNG, WebP, GIF, BMP, TIFF, MP4, MOV, AVI, MKV, WebM";

    /// <summary>Media type under which the object is stored: ours, not the sender's.</summary>
    public static string Of(MediaFormat format) => format switch
    {
        MediaFormat.Jpeg => "image/jpeg",
        MediaFormat.Png => "image/png",
        MediaFormat.Webp => "image/webp",
        MediaFormat.Gif => "image/gif",
        MediaFormat.Bmp => "image/bmp",
        MediaFormat.Tiff => "image/tiff",
        MediaFormat.Mp4 => "video/mp4",
        MediaFormat.Mov => "video/quicktime",
        MediaFormat.Avi => "video/x-msvideo",
        MediaFormat.Mkv => "video/x-matroska",
        MediaFormat.Webm => "video/webm",
        _ => "application/octet-stream",
    };
}
