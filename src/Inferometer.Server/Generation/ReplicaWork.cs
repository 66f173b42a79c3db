using System.Runtime.InteropServices;

namespace Inferometer.Server.Generation;

/// <summary>What one request still asks of the replica that has it: less with every token, nothing once it has ended.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct ReplicaWork
{
    private int _promptTokens;
    private int _outputTokens;
    private bool _hasEnded;

    /// <summary>Begins: the replica has one request more.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="promptTokens">Tokens of the prompt that are to be computed.</param>
    /// <param name="outputTokens">Tokens of the answer, as far as they can be told.</param>
    public ReplicaWork(Replica replica, int promptTokens, int outputTokens)
    {
        (Replica, _promptTokens, _outputTokens) = (replica, promptTokens, outputTokens);
        replica.Enter();
    }

    /// <summary>The replica.</summary>
    public Replica Replica { get; }

    /// <summary>A token was given out: its prompt has been computed, and one token fewer is left.</summary>
    public void CountToken()
    {
        int done = _promptTokens + Math.Min(1, _outputTokens);
        _promptTokens = 0;
        _outputTokens = Math.Max(0, _outputTokens - 1);
        Replica.Add(-done);
    }

    /// <summary>Nothing is left to do; may be said more than once.</summary>
    public void End()
    {
        Replica.Add(-(_promptTokens + _outputTokens));
        (_promptTokens, _outputTokens) = (0, 0);
        if (!_hasEnded)
        {
            _hasEnded = true;
            Replica.Leave();
        }
    }
}
