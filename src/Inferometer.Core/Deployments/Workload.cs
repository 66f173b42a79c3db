namespace Inferometer.Core.Deployments;

/// <summary>What is asked of a deployment: a batch of equal requests.</summary>
public sealed record Workload
{
    /// <summary>Requests in flight over the whole deployment.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Prompt tokens per request.</summary>
    public int InputTokens { get; init; } = 2048;

    /// <summary>Generated tokens per request, the first one included.</summary>
    public int OutputTokens { get; init; } = 256;

    /// <summary>Beams per request; 1 = greedy or sampled.</summary>
    public int BeamWidth { get; init; } = 1;

    /// <summary>Leading prompt tokens whose KV is already cached and shared by the batch.</summary>
    public int CachedPrefixTokens { get; init; }
}
