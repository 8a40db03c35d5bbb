using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Deepfake.Gateway;

/// <summary>Settings of the gateway, section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Gateway";

    /// <summary>Largest file in bytes, as IngestService has it. <c>MAX_FILE_SIZE_MB</c> (of 1,048,576 bytes) is an alias. Default 100 MB.</summary>
    [Range(1024, 64L * 1024 * 1024 * 1024)]
    public long MaxUploadBytes { get; set; } = 100L * 1024 * 1024;

    /// <summary>Largest body of a batch, as IngestService has it. Default 1 GB.</summary>
    [Range(1024, 1L << 40)]
    public long MaxBatchBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>How long one upload may take in all. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long any other request may take, but for event streams, which may take forever. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long connecting to a service may take. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How often the services are asked whether they live. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(3);

    internal static void ReadAlias(GatewayOptions options, IConfiguration configuration)
    {
        if (configuration[$"{Section}:{nameof(MaxUploadBytes)}"] is not null) return;
        if (configuration["MAX_FILE_SIZE_MB"] is not { Length: > 0 } megabytes) return;
        if (!double.TryParse(megabytes, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || value is not (> 0 and <= 65536))
            throw new InvalidOperationException("MAX_FILE_SIZE_MB is a number of megabytes, above 0 and at most 65536.");
        options.MaxUploadBytes = (long)(value * 1024 * 1024);
    }
}
