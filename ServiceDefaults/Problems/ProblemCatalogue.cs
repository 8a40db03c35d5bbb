using System.Collections.Frozen;
using Deepfake.Contracts;

namespace Deepfake.ServiceDefaults.Problems;

/// <summary>
/// What each code of <see cref="ErrorCodes"/> means over HTTP. <c>docs/errors.md</c> shows the same table, and a test holds them together.
/// </summary>
public static class ProblemCatalogue
{
    /// <summary>Every code with its meaning, in the order of the documentation.</summary>
    public static IReadOnlyList<ProblemKind> All { get; } =
    [
        new(ErrorCodes.EmptyBody, 400, "The body is empty"),
        new(ErrorCodes.InvalidRequest, 400, "The request cannot be understood"),
        new(ErrorCodes.MissingFile, 400, "The form has no file"),
        new(ErrorCodes.Unauthenticated, 401, "No valid API key"),
        new(ErrorCodes.Forbidden, 403, "Not allowed"),
        new(ErrorCodes.NotFound, 404, "Not found"),
        new(ErrorCodes.AlreadyEnded, 409, "The analysis has ended already"),
        new(ErrorCodes.NotEnded, 409, "The analysis is not over"),
        new(ErrorCodes.NoVerdict, 409, "The analysis has no verdict"),
        new(ErrorCodes.MediaGone, 410, "The medium was removed"),
        new(ErrorCodes.IdempotencyInProgress, 409, "The first request is still at work"),
        new(ErrorCodes.DeliveryInProgress, 409, "The delivery is being sent"),
        new(ErrorCodes.WebhookLimitReached, 409, "There are too many webhooks"),
        new(ErrorCodes.LastModel, 409, "It is the last model"),
        new(ErrorCodes.UploadConflict, 409, "The upload stands elsewhere"),
        new(ErrorCodes.UploadIncomplete, 409, "The upload is incomplete"),
        new(ErrorCodes.UnsupportedVersion, 412, "The version is not supported"),
        new(ErrorCodes.TooLarge, 413, "The file is too large"),
        new(ErrorCodes.TooManyPixels, 413, "The picture has too many pixels"),
        new(ErrorCodes.TooLong, 413, "The medium is too long"),
        new(ErrorCodes.UnsupportedMedia, 415, "The format is not supported"),
        new(ErrorCodes.PlaylistRejected, 415, "Playlists are not accepted"),
        new(ErrorCodes.IdempotencyKeyReused, 422, "The key belongs to another request"),
        new(ErrorCodes.UrlNotAllowed, 422, "The address is not allowed"),
        new(ErrorCodes.UrlUnreachable, 422, "The address cannot be reached"),
        new(ErrorCodes.Truncated, 422, "The file is incomplete"),
        new(ErrorCodes.Corrupt, 422, "The file cannot be decoded"),
        new(ErrorCodes.NoVideo, 422, "The file holds no picture"),
        new(ErrorCodes.ModelRefused, 422, "The model is refused"),
        new(ErrorCodes.RateLimited, 429, "Too many requests"),
        new(ErrorCodes.ChecksumMismatch, 460, "The checksum does not match"),
        new(ErrorCodes.Internal, 500, "Internal error"),
        new(ErrorCodes.StageFailed, 500, "The analysis failed"),
        new(ErrorCodes.BacklogFull, 503, "Too much work is waiting"),
        new(ErrorCodes.Unavailable, 503, "The service is unavailable"),
        new(ErrorCodes.DeadlineExceeded, 504, "The analysis took too long"),
    ];

    private static readonly FrozenDictionary<string, ProblemKind> ByCode = All.ToFrozenDictionary(kind => kind.Code);

    /// <summary>The meaning of a code; that of <see cref="ErrorCodes.Internal"/> for an unknown one.</summary>
    public static ProblemKind Find(string code) => ByCode.GetValueOrDefault(code) ?? ByCode[ErrorCodes.Internal];

    /// <summary>The code for an answer of which only the status is known (framework, proxy).</summary>
    public static string CodeOf(int status) => status switch
    {
        401 => ErrorCodes.Unauthenticated,
        403 => ErrorCodes.Forbidden,
        404 => ErrorCodes.NotFound,
        413 => ErrorCodes.TooLarge,
        415 => ErrorCodes.UnsupportedMedia,
        429 => ErrorCodes.RateLimited,
        >= 400 and < 500 => ErrorCodes.InvalidRequest,
        502 or 503 or 504 => ErrorCodes.Unavailable,
        _ => ErrorCodes.Internal,
    };
}

/// <summary>One kind of problem.</summary>
/// <param name="Code">Stable code, one of <see cref="ErrorCodes"/>.</param>
/// <param name="Status">HTTP status, where it is an answer of its own.</param>
/// <param name="Title">Short English title, the same for every occurrence.</param>
public sealed record ProblemKind(string Code, int Status, string Title)
{
    /// <summary>Value of <c>type</c> (RFC 9457, section 3.1.1).</summary>
    public string Type => $"urn:deepfake:problem:{Code}";
}
