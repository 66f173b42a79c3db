using System.Runtime.InteropServices;

namespace Inferometer.Server.Generation;

/// <summary>What one request still asks of the replica that has it: less with every token, nothing once it has ended.</summary>
/// <param name="replica">The replica.</param>
/// <param name="promptTokens">Tokens of the prompt that are to be computed.</param>
/// <param name="outputTokens">Tokens of the answer, as far as they can be told.</param>
[StructLayout(LayoutKind.Auto)]
internal struct ReplicaWork(Replica replica, int promptTokens, int outputTokens)
{
    private int _promptTokens = promptTokens;
    private int _outputTokens = outputTokens;

    /// <summary>The replica.</summary>
    public readonly Replica Replica => replica;

    /// <summary>A token was given out: its prompt has been computed, and one token fewer is left.</summary>
    public void CountToken()
    {
        int done = _promptTokens + Math.Min(1, _outputTokens);
        _promptTokens = 0;
        _outputTokens = Math.Max(0, _outputTokens - 1);
        replica.Add(-done);
    }

    /// <summary>Nothing is left to do; may be said more than once.</summary>
    public void End()
    {
        replica.Add(-(_promptTokens + _outputTokens));
        (_promptTokens, _outputTokens) = (0, 0);
    }
}
