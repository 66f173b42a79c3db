using Inferometer.Inference.Engine;
using Inferometer.Server.Metrics;

namespace Inferometer.Server.Generation;

/// <summary>One of the engines that answer, and what it has to do.</summary>
/// <param name="index">Its number, from 0.</param>
/// <param name="engine">The engine.</param>
/// <param name="metrics">What is counted of it.</param>
/// <param name="working">How many of all have work.</param>
internal sealed class Replica(int index, InferenceEngine engine, ServerMetrics metrics, LoadMeter working)
{
    private long _outstanding;
    private int _requests;

    /// <summary>Its number, from 0.</summary>
    public int Index => index;

    /// <summary>The engine.</summary>
    public InferenceEngine Engine => engine;

    /// <summary>What is counted of it.</summary>
    public ServerMetrics Metrics => metrics;

    /// <summary>What it was given lately. Under the lock of its set.</summary>
    public PrefixMemory Prefixes { get; } = new(engine.Statistics.KvBlocksTotal);

    /// <summary>Tokens that it has still to compute: prompts without a first token, and what is left of the answers asked for.</summary>
    public long OutstandingTokens => Volatile.Read(ref _outstanding);

    /// <summary>One more request.</summary>
    public void Enter()
    {
        if (Interlocked.Increment(ref _requests) == 1)
        {
            _ = working.Change(1);
        }
    }

    /// <summary>One fewer.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _requests) == 0)
        {
            _ = working.Change(-1);
        }
    }

    /// <summary>Adds tokens to compute, or takes some off.</summary>
    public void Add(long tokens) => Interlocked.Add(ref _outstanding, tokens);
}
