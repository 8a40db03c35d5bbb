namespace Deepfake.ResultService.Fusion;

/// <summary>Stable codes this service adds to the warnings of a record.</summary>
public static class WarningCodes
{
    /// <summary>No fitted fusion applies: weighted mean of the models' logits and thresholds 0.5 and 0.9, no stated false-positive rate.</summary>
    public const string DefaultThresholds = "default_thresholds";

    /// <summary>The profile that was asked for has no fitted thresholds; those of <c>balanced</c> decided.</summary>
    public const string ProfileNotFitted = "profile_not_fitted";

    /// <summary>A model gave scores but the fitted fusion does not know it, and no operator gave it a weight; it was reported, not counted.</summary>
    public const string ModelNotInFusion = "model_not_in_fusion";

    /// <summary>A model that the fitted fusion does not know counted by an operator's weight: the thresholds were fitted without it, and no false-positive rate is stated.</summary>
    public const string ModelBesideFusion = "model_beside_fusion";

    /// <summary>Some crops were not scored in time.</summary>
    public const string ShardsMissing = "shards_missing";

    /// <summary>A completion notice was asked for, but there is no signing secret, or no such endpoint; none is sent.</summary>
    public const string WebhookNotConfigured = "webhook_not_configured";

    /// <summary>The history is out of reach: a reviewer's verdict, if there is one, is not shown.</summary>
    public const string ReviewUnknown = "review_unknown";
}
