namespace Deepfake.InferenceWorker.Inference;

/// <summary>An ensemble in service. After a reload it goes on for those who began with it, and is freed when the last one leaves.</summary>
internal sealed class Generation(Ensemble ensemble, CropBatcher batcher) : IDisposable
{
    private readonly Lock _gate = new();
    private int _users;
    private bool _retired;
    private bool _freed;

    public Ensemble Ensemble => ensemble;

    public CropBatcher Batcher => batcher;

    /// <summary>False once it is retired: take the next one.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_retired) return false;
            _users++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            if (--_users > 0 || !_retired) return;
        }

        Free();
    }

    /// <summary>Takes nobody in any more.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            _retired = true;
            if (_users > 0) return;
        }

        Free();
    }

    /// <summary>Ends what runs, for the end of the process.</summary>
    public void Dispose()
    {
        foreach (var session in ensemble.Sessions) session.Terminate();
        foreach (var sequence in ensemble.Sequences) sequence.Terminate();
        Free();
    }

    private void Free()
    {
        lock (_gate)
        {
            if (_freed) return;
            _freed = true;
        }

        batcher.Dispose();
        ensemble.Dispose();
    }
}
