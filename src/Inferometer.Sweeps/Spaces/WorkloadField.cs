namespace Inferometer.Sweeps.Spaces;

/// <summary>The fields of a workload, which change nothing of the deployment that serves it.</summary>
public enum WorkloadField
{
    /// <summary>Requests in flight.</summary>
    BatchSize,

    /// <summary>Prompt tokens.</summary>
    InputTokens,

    /// <summary>Generated tokens.</summary>
    OutputTokens,

    /// <summary>Beams.</summary>
    BeamWidth,

    /// <summary>Prompt tokens that are cached.</summary>
    CachedPrefixTokens,
}
