namespace Inferometer.Server.Generation;

/// <summary>Whether the server takes requests, and how many it is answering. Thread-safe.</summary>
internal sealed class ServerState : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay;
    private volatile bool _isDraining;

    /// <summary>Whether new requests are refused.</summary>
    public bool IsDraining => _isDraining;

    /// <summary>Cancelled when answers under way are to end.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Requests being answered.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

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
