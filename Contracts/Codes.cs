namespace Deepfake.Contracts;

/// <summary>Why a verdict is what it is: stable codes in <see cref="Analysis.Reasons"/>.</summary>
public static class ReasonCodes
{
    /// <summary>No face was found in any sampled frame.</summary>
    public const string NoFace = "no_face";

    /// <summary>Every face is smaller than the detector was validated for.</summary>
    public const string FaceTooSmall = "face_too_small";

    /// <summary>Faces are too blurred or dark to judge.</summary>
    public const string LowQuality = "low_quality";

    /// <summary>No neural model gave a score; forensics alone never convicts.</summary>
    public const string ModelsUnavailable = "models_unavailable";

    /// <summary>The models contradict each other.</summary>
    public const string ModelsDisagree = "models_disagree";

    /// <summary>Some models gave no score; the rest decided.</summary>
    public const string ModelsMissing = "models_missing";

    /// <summary>Forensic signals were not available; the models decided.</summary>
    public const string ForensicsMissing = "forensics_missing";

    /// <summary>A face scored above the threshold for <see cref="Verdict.Manipulated"/>.</summary>
    public const string HighFaceScore = "high_face_score";

    /// <summary>A face scored between the thresholds.</summary>
    public const string ElevatedFaceScore = "elevated_face_score";

    /// <summary>All faces scored so low that hardly any fake does.</summary>
    public const string LowFaceScore = "low_face_score";

    /// <summary>The faces scored too low for suspicion and too high to be called authentic: too many fakes score so.</summary>
    public const string UndecidedFaceScore = "undecided_face_score";
}

/// <summary>Stable codes of problem+json answers and of failed analyses.</summary>
public static class ErrorCodes
{
    /// <summary>400: the body is empty.</summary>
    public const string EmptyBody = "empty_body";

    /// <summary>400: the request cannot be understood.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>400: the multipart body has no file part.</summary>
    public const string MissingFile = "missing_file";

    /// <summary>413: more bytes than allowed.</summary>
    public const string TooLarge = "media_too_large";

    /// <summary>413: more pixels than allowed.</summary>
    public const string TooManyPixels = "too_many_pixels";

    /// <summary>413: longer than allowed.</summary>
    public const string TooLong = "media_too_long";

    /// <summary>415: not one of the accepted formats.</summary>
    public const string UnsupportedMedia = "unsupported_media";

    /// <summary>415: a playlist, which could name other files.</summary>
    public const string PlaylistRejected = "playlist_rejected";

    /// <summary>422: the file ends before its content does.</summary>
    public const string Truncated = "media_truncated";

    /// <summary>422: the file cannot be decoded.</summary>
    public const string Corrupt = "media_corrupt";

    /// <summary>422: the container holds no picture.</summary>
    public const string NoVideo = "no_video_stream";

    /// <summary>422: a model is not what it should be; the ensemble goes on as it was.</summary>
    public const string ModelRefused = "model_refused";

    /// <summary>409: without this model none would score.</summary>
    public const string LastModel = "last_model";

    /// <summary>401: no API key, or none that holds.</summary>
    public const string Unauthenticated = "unauthenticated";

    /// <summary>403: the API key is not allowed to do this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>429: more than the API key or its tenant may ask for; try again after <c>Retry-After</c>.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>404: unknown, or of another tenant.</summary>
    public const string NotFound = "not_found";

    /// <summary>409: the first request with this key is still being recorded.</summary>
    public const string IdempotencyInProgress = "idempotency_in_progress";

    /// <summary>422: the key was used for another request.</summary>
    public const string IdempotencyKeyReused = "idempotency_key_reused";

    /// <summary>409: the upload is not where the request takes it to be, or another request goes on with it.</summary>
    public const string UploadConflict = "upload_conflict";

    /// <summary>422: the address must not be fetched.</summary>
    public const string UrlNotAllowed = "url_not_allowed";

    /// <summary>422: nothing could be fetched from the address.</summary>
    public const string UrlUnreachable = "url_unreachable";

    /// <summary>409: bytes of the upload are missing.</summary>
    public const string UploadIncomplete = "upload_incomplete";

    /// <summary>412: another version of the upload protocol.</summary>
    public const string UnsupportedVersion = "unsupported_version";

    /// <summary>460: the bytes do not have the checksum (tus 1.0, extension "checksum").</summary>
    public const string ChecksumMismatch = "checksum_mismatch";

    /// <summary>409: the analysis has ended already.</summary>
    public const string AlreadyEnded = "already_ended";

    /// <summary>409: the analysis is not over yet.</summary>
    public const string NotEnded = "not_ended";

    /// <summary>409: the delivery is being sent at this moment.</summary>
    public const string DeliveryInProgress = "delivery_in_progress";

    /// <summary>409: the tenant has as many webhooks as it may have.</summary>
    public const string WebhookLimitReached = "webhook_limit_reached";

    /// <summary>409: there is no verdict: the analysis failed or was cancelled.</summary>
    public const string NoVerdict = "no_verdict";

    /// <summary>410: the medium was removed, so nothing can be done with it again.</summary>
    public const string MediaGone = "media_gone";

    /// <summary>503: the backlog is full; try again after <c>Retry-After</c>.</summary>
    public const string BacklogFull = "backlog_full";

    /// <summary>503: a store or the broker is out of reach; nothing was accepted.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The analysis was not over by its deadline.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>A stage failed again and again.</summary>
    public const string StageFailed = "stage_failed";

    /// <summary>500: a defect of ours.</summary>
    public const string Internal = "internal_error";
}
