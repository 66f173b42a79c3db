namespace Inferometer.Cpu.Execution;

/// <summary>
/// What the forward pass has done since the model was loaded, counted where it happens. Written by the thread that runs steps;
/// other threads may read it at any time and see each number whole.
/// </summary>
public sealed class ForwardStatistics
{
    private long _steps;
    private long _tokens;
    private long _flash;
    private long _standard;

    /// <summary>Steps that completed.</summary>
    public long Steps => Interlocked.Read(ref _steps);

    /// <summary>Tokens run through the network.</summary>
    public long Tokens => Interlocked.Read(ref _tokens);

    /// <summary>Calls of the flash attention kernel; one covers a layer's attention over all sequences of a step.</summary>
    public long FlashAttentionCalls => Interlocked.Read(ref _flash);

    /// <summary>Calls of the attention that stores its score matrix; one covers a layer's attention over all sequences of a step.</summary>
    public long StandardAttentionCalls => Interlocked.Read(ref _standard);

    internal void CountStep(int tokens)
    {
        Interlocked.Increment(ref _steps);
        Interlocked.Add(ref _tokens, tokens);
    }

    internal void CountFlashAttention() => Interlocked.Increment(ref _flash);

    internal void CountStandardAttention() => Interlocked.Increment(ref _standard);
}
