using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// Accepts an analysis. The order is what makes "accepted" durable: the file is stored, the record is written, the first message is
/// confirmed, the client hears of it. A break before the record leaves nothing; one after it leaves work for the sweeper.
/// </summary>
internal sealed partial class Submitter(
    MediaIntake intake,
    IAnalysisStore analyses,
    AnalysisPublisher publisher,
    Backlog backlog,
    AnalysisIds ids,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<Submitter> logger)
{
    /// <summary>Reads a file by <paramref name="read"/>, which hands its bytes to the given function once.</summary>
    /// <param name="tenant">Owner of the analysis.</param>
    /// <param name="read">Reads the fields.</param>
    /// <param name="cancellationToken">Cancels until the record is written.</param>
    /// <exception cref="SubmissionRejectedException">Not accepted; nothing is left behind.</exception>
    public async Task<Analysis> SubmitAsync(string tenant, Func<Func<Stream, Task>, Task<SubmissionFields>> read, CancellationToken cancellationToken)
    {
        await RequireRoomAsync(cancellationToken);
        var id = ids.Next();
        var key = ObjectKeys.Media(tenant, id);
        Activity.Current?.SetTag("deepfake.analysis.id", id);
        StoredMedia? media = null;
        AnalysisRecord record;
        try
        {
            var fields = await read(async body => media = await intake.StoreAsync(key, body, cancellationToken));
            record = Record(tenant, id, media ?? throw new InvalidOperationException("The body was read without its file."), fields);
            await CreateAsync(record);
        }
        catch when (media is not null)
        {
            await intake.DiscardAsync(key);
            throw;
        }

        backlog.Add();
        await PublishAsync(record);
        Log.Accepted(logger, id, record.Format, record.SizeBytes, record.Lane);
        return Accepted(record);
    }

    private async Task RequireRoomAsync(CancellationToken cancellationToken)
    {
        bool hasRoom;
        try
        {
            hasRoom = await backlog.HasRoomAsync(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.StoreFailed(logger, e);
            throw Unavailable(e);
        }

        if (hasRoom) return;
        throw new SubmissionRejectedException(ErrorCodes.BacklogFull, "Too many analyses are waiting; try again later.") { RetryAfter = options.Value.BacklogRetryAfter };
    }

    private AnalysisRecord Record(string tenant, string id, StoredMedia media, SubmissionFields fields)
    {
        var now = time.GetUtcNow();
        return new AnalysisRecord
        {
            Id = id,
            Tenant = tenant,
            Lane = fields.Lane,
            FileName = fields.FileName,
            MediaKey = media.Key,
            Format = media.Format,
            SizeBytes = media.SizeBytes,
            Sha256 = media.Sha256,
            AcceptedAt = now,
            Deadline = now + (fields.Lane == Lane.Batch ? options.Value.BatchDeadline : options.Value.InteractiveDeadline),
            WebhookUrl = fields.WebhookUrl,
            WebhookEndpointId = fields.WebhookEndpointId,
            Reference = fields.Reference,
            Metadata = fields.Metadata,
            Options = fields.Options,
            Retention = fields.Retention,
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
        };
    }

    /// <summary>
    /// Not cancelled with the client: from here on the answer is ours to finish. After a failure it is unknown whether the record was
    /// written, so it is removed as well; should that fail too, the sweeper starts the analysis and it ends with a code.
    /// </summary>
    private async Task CreateAsync(AnalysisRecord record)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            await analyses.CreateAsync(record, timeout.Token);
        }
        catch (Exception e)
        {
            Log.StoreFailed(logger, e);
            await ForgetAsync(record);
            throw Unavailable(e);
        }
    }

    private async Task ForgetAsync(AnalysisRecord record)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            await analyses.DeleteAsync(record.Tenant, record.Id, timeout.Token);
        }
        catch (Exception e)
        {
            Log.RecordInDoubt(logger, record.Id, e);
        }
    }

    private async Task PublishAsync(AnalysisRecord record)
    {
        using var timeout = new CancellationTokenSource(options.Value.PublishTimeout);
        try
        {
            await publisher.PublishAsync(record, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e)
        {
            Log.PublishFailed(logger, record.Id, e);
        }
    }

    private static SubmissionRejectedException Unavailable(Exception inner) =>
        new(ErrorCodes.Unavailable, "The analysis could not be recorded; try again shortly.", inner) { RetryAfter = TimeSpan.FromSeconds(5) };

    private static Analysis Accepted(AnalysisRecord record) => new()
    {
        Id = record.Id,
        Status = AnalysisStatus.Accepted,
        Stage = Stage.Queued,
        Progress = 0,
        FileName = record.FileName,
        Reference = record.Reference,
        Metadata = record.Metadata ?? new Dictionary<string, string>(),
        Options = record.Options,
        Media = new MediaSummary { Format = record.Format, Sha256 = record.Sha256, SizeBytes = record.SizeBytes },
        CreatedAt = record.AcceptedAt,
    };

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Information, "Accepted {AnalysisId}: {Format}, {SizeBytes} bytes, {Lane}")]
        public static partial void Accepted(ILogger logger, string analysisId, MediaFormat format, long sizeBytes, Lane lane);

        [LoggerMessage(1011, LogLevel.Warning, "{AnalysisId} is accepted but not published; the sweeper will do it")]
        public static partial void PublishFailed(ILogger logger, string analysisId, Exception exception);

        [LoggerMessage(1012, LogLevel.Error, "The analysis store is out of reach")]
        public static partial void StoreFailed(ILogger logger, Exception exception);

        [LoggerMessage(1013, LogLevel.Error, "Whether the record of {AnalysisId} was written is unknown")]
        public static partial void RecordInDoubt(ILogger logger, string analysisId, Exception exception);
    }
}
