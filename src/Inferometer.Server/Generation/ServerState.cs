namespace Inferometer.Server.Generation;

/// <summary>Whether the server takes requests, and how many it is answering. Thread-safe.</summary>
internal sealed class ServerState : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay;
    private bool _isCold;
    private volatile bool _isDraining;

    /// <summary>Whether new requests are refused.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Whether first requests would find all that they need.</summary>
    public bool IsWarm => !Volatile.Read(ref _isCold);

    /// <summary>Cancelled when answers under way are to end.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Requests being answered.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>Makes ready what first requests need, on another thread; until then the state is not warm.</summary>
    /// <param name="work">Does it, and throws nothing.</param>
    public void WarmUp(Func<Task> work)
    {
        Volatile.Write(ref _isCold, value: true);
        _ = Task.Run(async () =>
        {
            await work().ConfigureAwait(false);
            Volatile.Write(ref _isCold, value: false);
        });
    }

    /// <summary>One more request.</summary>
    public void Enter() => Interlocked.Increment(ref _underWay);

    /// <summary>One fewer.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _underWay) == 0 && _isDraining)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>Takes no more requests, waits for those under way, and ends those that are left after that.</summary>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="hurry">Ends the wait.</param>
    /// <returns>Whether all were answered.</returns>
    public async Task<bool> DrainAsync(TimeSpan timeout, CancellationToken hurry)
    {
        _isDraining = true;
        if (UnderWay == 0)
        {
            _idle.TrySetResult();
        }

        try
        {
            await _idle.Task.WaitAsync(timeout, hurry).ConfigureAwait(false);
            return true;
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();
}
