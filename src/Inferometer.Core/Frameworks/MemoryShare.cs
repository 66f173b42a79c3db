namespace Inferometer.Core.Frameworks;

/// <summary>What a framework's share of the device's memory is a share of.</summary>
public enum MemoryShare
{
    /// <summary>Weights, activations, the framework's own and the cache lie within the share of what the device reports (vLLM).</summary>
    Everything,

    /// <summary>Weights and cache lie within the share, activations beside it (SGLang).</summary>
    WeightsAndCache,

    /// <summary>The cache takes the share of what is free once everything else is there (TensorRT-LLM).</summary>
    Cache,
}
