using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Compat;

/// <summary>How long an address of the earlier systems waits: its time, and no longer than this host lives.</summary>
internal sealed class OldPatience(IOptions<IngestOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Begins a wait.</summary>
    public Wait Begin() => new(options.Value.AnswerWait, time, lifetime.ApplicationStopping);

    /// <summary>A wait that has begun.</summary>
    internal sealed class Wait : IDisposable
    {
        private readonly CancellationTokenSource _timer;
        private readonly CancellationTokenSource _either;

        public Wait(TimeSpan length, TimeProvider time, CancellationToken stopping)
        {
            _timer = new CancellationTokenSource(length, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, stopping);
        }

        /// <summary>Cancelled when it runs out.</summary>
        public CancellationToken Token => _either.Token;

        public void Dispose()
        {
            _either.Dispose();
            _timer.Dispose();
        }
    }
}
