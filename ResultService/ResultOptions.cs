using System.ComponentModel.DataAnnotations;

namespace Deepfake.ResultService;

/// <summary>Configuration section <c>Results</c>.</summary>
public sealed class ResultOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Results";

    /// <summary>
    /// The fitted fusion; empty for <c>fusion.json</c> in the models folder (<c>Models:Path</c>). Relative paths start beside the
    /// binaries. A changed file is taken up with the next analysis; a broken one is refused and the last good one stays.
    /// </summary>
    public string FusionFile { get; set; } = "";

    /// <summary>How long a record that lacks nothing but the forensic signals waits for them.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ForensicsGrace { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long before its deadline an analysis is completed with the shards that have come, if any; at most a tenth of its whole time.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DeadlineMargin { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often deadlines, waiting records and announcements are looked after.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "01:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How old an end without announcement has to be before the sweeper announces it again.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan AnnounceAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often objects that late workers wrote for deleted, failed or cancelled analyses are removed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "1.00:00:00")]
    public TimeSpan JanitorInterval { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long after its end an analysis is looked after by the janitor; longer than any worker can be late.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan JanitorWindow { get; set; } = TimeSpan.FromMinutes(50);

    /// <summary>How long a stored medium that is analysed again may take.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan ReprocessDeadline { get; set; } = TimeSpan.FromHours(6);

    /// <summary>With this many unfinished analyses in the system, stored media are not analysed again for now.</summary>
    [Range(1, 10_000_000)]
    public int ReprocessBacklog { get; set; } = 1000;

    /// <summary>
    /// How long analyses stay after their end, where neither they nor their tenant say; null for as long as nobody deletes them.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? Retention { get; set; }

    /// <summary>How often what has outstayed its time is removed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "1.00:00:00")]
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Silence after which an event stream says that it is alive.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:05:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(15);
}
