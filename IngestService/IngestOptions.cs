using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Deepfake.IngestService;

/// <summary>Settings of IngestService, section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Ingest";

    /// <summary>Largest file in bytes. <c>MAX_FILE_SIZE_MB</c> (of 1,048,576 bytes) is an alias. Default 100 MB.</summary>
    [Range(1024, 64L * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>Largest picture in pixels (width × height). Default 100 million.</summary>
    [Range(1, 10_000_000_000)]
    public long MaxPixels { get; set; } = 100_000_000;

    /// <summary>How many analyses may be unfinished before new ones are turned away. Default 1000.</summary>
    [Range(1, 10_000_000)]
    public int BacklogLimit { get; set; } = 1000;

    /// <summary>What <c>Retry-After</c> says while the backlog is full. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BacklogRetryAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an interactive analysis may take from acceptance to end. Default 30 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan InteractiveDeadline { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The same for the batch lane. Default 6 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan BatchDeadline { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long the broker may take to confirm before the sweeper takes over; the client waits for it. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long writing the record may take. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan RecordTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an <c>Idempotency-Key</c> is remembered. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan IdempotencyWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a replay waits for the first request to be recorded before it is told to come back. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan IdempotencyPatience { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long an upload that is not yet submitted can be continued. Default 24 h, and no longer: the object store removes unfinished
    /// uploads after a day by itself.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan UploadWindow { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long an address for a direct upload takes a file. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan DirectWindow { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long fetching a file from an address may take, redirects included; the client waits for it. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan UrlTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Most redirects on the way to a file. Default 5.</summary>
    [Range(0, 20)]
    public int UrlRedirects { get; set; } = 5;

    /// <summary>How many files are fetched at once. Default 16.</summary>
    [Range(1, 10_000)]
    public int UrlConcurrency { get; set; } = 16;

    /// <summary>Ports besides the scheme's own that files may be fetched from, separated by commas; <c>any</c> for all. Default none.</summary>
    [RegularExpression("any|([0-9]{1,5}(,[0-9]{1,5})*)?")]
    public string UrlPorts { get; set; } = "";

    /// <summary>Most items of a batch. Default 100.</summary>
    [Range(1, 1000)]
    public int BatchItems { get; set; } = 100;

    /// <summary>Largest body of a batch in bytes, all its files together. Default 1 GB.</summary>
    [Range(1024, 1L << 40)]
    public long BatchBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>How long a batch is remembered; its analyses have their own time. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan BatchWindow { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How often batches with something left to do are looked for. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan BatchInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the addresses of the earlier systems wait for an end before they answer where it will be. Default 50 s: below what proxies take for a dead connection.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:40")]
    public TimeSpan AnswerWait { get; set; } = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Probability [0,1] from which these addresses call a medium manipulated. <c>PREDICTION_THRESHOLD</c> is an alias. Default: where the verdict
    /// <c>manipulated</c> begins, whose rate of false alarms is known.
    /// </summary>
    [Range(0, 1)]
    public double? PredictionThreshold { get; set; }

    /// <summary>How often what has expired (keys, uploads) is removed. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan ExpiryInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the sweeper looks for what was accepted but not published. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "01:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Age from which an unpublished analysis is the sweeper's. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan SweepAge { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Publish every unfinished analysis again at start: for a host whose queue lives in its memory. Default false.</summary>
    public bool RecoverOnStart { get; set; }

    internal IReadOnlySet<int>? ReadUrlPorts() =>
        UrlPorts == "any" ? null : UrlPorts.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(port => int.Parse(port, CultureInfo.InvariantCulture)).ToHashSet();
}
