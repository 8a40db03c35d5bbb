using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary>
/// Makes an analysis out of a stored file: writes its record and publishes its first message. None of it is cancelled with the client:
/// from here on the answer is ours to finish.
/// </summary>
internal sealed partial class AnalysisRecorder(
    IAnalysisStore analyses, AnalysisPublisher publisher, Backlog backlog, IOptions<IngestOptions> options, ILogger<AnalysisRecorder> logger)
{
    /// <summary>
    /// Writes the record. After a failure it is unknown whether it was written. An id that nobody else has heard of is removed as well;
    /// should that fail too, the sweeper starts the analysis and it ends with a code. One that others can find is never taken back:
    /// somebody may have been told by now that it is accepted.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="isShared">Whether other requests can know its id.</param>
    /// <exception cref="AnalysisExistsException">The id was used before; the analysis stays as it is.</exception>
    /// <exception cref="SubmissionRejectedException">The store is out of reach, or the key has as many analyses as it may.</exception>
    public async Task CreateAsync(AnalysisRecord record, bool isShared)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            await analyses.CreateAsync(record, timeout.Token);
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            throw new AnalysisExistsException(record.Id, e);
        }
        catch (ConcurrencyExceededException e)
        {
            throw new SubmissionRejectedException(ErrorCodes.RateLimited, e.Message, e) { RetryAfter = options.Value.BacklogRetryAfter };
        }
        catch (Exception e)
        {
            Log.StoreFailed(logger, e);
            if (isShared && await IsWrittenAsync(record)) return;
            if (!isShared) await ForgetAsync(record);
            throw Submitter.Unavailable(e);
        }
    }

    /// <summary>Takes a record back. Does not throw.</summary>
    public async Task ForgetAsync(AnalysisRecord record)
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

    /// <summary>The record of an analysis; null where there is none any more.</summary>
    public async Task<AnalysisRecord?> FindAsync(string tenant, string id, CancellationToken cancellationToken) => (await analyses.FindAsync(tenant, id, cancellationToken))?.Record;

    /// <summary>Ends an analysis as its client wishes, if it is not over. ResultService finds an end that nobody announced.</summary>
    public Task<bool> CancelAsync(string id, Analysis result, CancellationToken cancellationToken) => analyses.TryFinishAsync(id, result, cancellationToken);

    /// <summary>Starts the work; what cannot be published now is left to the sweeper. Does not throw.</summary>
    public async Task PublishAsync(AnalysisRecord record)
    {
        backlog.Add();
        using var timeout = new CancellationTokenSource(options.Value.PublishTimeout);
        try
        {
            await publisher.PublishAsync(record, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e)
        {
            Log.PublishFailed(logger, record.Id, e);
        }

        Log.Accepted(logger, record.Id, record.Format, record.SizeBytes, record.Lane);
    }

    /// <exception cref="SubmissionRejectedException">That cannot be found out now.</exception>
    private async Task<bool> IsWrittenAsync(AnalysisRecord record)
    {
        using var timeout = new CancellationTokenSource(options.Value.RecordTimeout);
        try
        {
            return await analyses.FindAsync(record.Tenant, record.Id, timeout.Token) is not null;
        }
        catch (Exception e)
        {
            Log.RecordInDoubt(logger, record.Id, e);
            throw Submitter.Unavailable(e, isInDoubt: true);
        }
    }

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
