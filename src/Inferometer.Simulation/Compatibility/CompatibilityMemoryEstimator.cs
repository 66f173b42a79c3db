using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>What the memory report of the <c>bud</c> engine is asked for.</summary>
public sealed record CompatibilityMemoryQuery
{
    /// <summary>Parameters of the model. The engine's own count is wrong for some families, so it is not repeated here.</summary>
    public required double ParameterCount { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required long HiddenSize { get; init; }

    /// <summary>Inner width of the feed-forward network.</summary>
    public required long IntermediateSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads; the head width is taken as hidden / heads, whatever the model says.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Latent width of multi-head latent attention, or null.</summary>
    public long? LatentRank { get; init; }

    /// <summary>Window that caps the cached length, or null.</summary>
    public long? WindowTokens { get; init; }

    /// <summary>The feed-forward network has a gate; adapters then have three targets there, otherwise two.</summary>
    public bool Gated { get; init; } = true;

    /// <summary>Sequences.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of each.</summary>
    public required long SequenceTokens { get; init; }

    /// <summary>Width of everything, such as <c>bf16</c>.</summary>
    public string Bits { get; init; } = "bf16";

    /// <summary>Tensor-parallel degree.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Adapters, or null.</summary>
    public CompatibilityLora? Lora { get; init; }
}

/// <summary>Adapters kept beside the weights.</summary>
/// <param name="Adapters">How many.</param>
/// <param name="Rank">Their rank.</param>
public sealed record CompatibilityLora(int Adapters, int Rank)
{
    /// <summary>The four attention projections have adapters.</summary>
    public bool OnAttention { get; init; } = true;

    /// <summary>The feed-forward projections have adapters.</summary>
    public bool OnFeedForward { get; init; } = true;

    /// <summary>Both halves of an adapter are split over the tensor ranks, instead of the second alone.</summary>
    public bool FullySharded { get; init; }
}

/// <summary>Memory of one device, decimal bytes.</summary>
/// <param name="WeightsBytes">Weights.</param>
/// <param name="KvCacheBytes">Keys and values.</param>
/// <param name="ActivationBytes">Activations, not split over devices.</param>
/// <param name="LoraBytes">Adapters.</param>
/// <param name="OverheadBytes">A fifth of cache and activations.</param>
public sealed record CompatibilityMemoryReport(
    double WeightsBytes, double KvCacheBytes, double ActivationBytes, double LoraBytes, double OverheadBytes)
{
    /// <summary>Everything together.</summary>
    public double TotalBytes => WeightsBytes + KvCacheBytes + ActivationBytes + LoraBytes + OverheadBytes;

    /// <summary>Common device size that leaves a fifth free; above 160 GB a multiple of 80. GB.</summary>
    public int RecommendedDeviceGB
    {
        get
        {
            double need = 1.2 * TotalBytes / 1e9;
            foreach (int size in (ReadOnlySpan<int>)[8, 12, 16, 24, 40, 48, 80, 160])
            {
                if (size >= need)
                {
                    return size;
                }
            }

            return 80 * (int)Math.Ceiling(need / 80);
        }
    }

    /// <summary>Below 22 GB.</summary>
    public bool Fits24GB => TotalBytes < 22e9;

    /// <summary>Below 75 GB.</summary>
    public bool Fits80GB => TotalBytes < 75e9;
}

/// <summary>The memory report of the <c>bud</c> engine, for decoder-only models without recurrent state.</summary>
public static class CompatibilityMemoryEstimator
{
    /// <summary>Computes the report.</summary>
    /// <exception cref="InferometerException">A size is out of range or the width unknown.</exception>
    public static CompatibilityMemoryReport Estimate(CompatibilityMemoryQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.TensorParallel < 1 || query.Batch < 1 || query.SequenceTokens < 1 || query.Heads < 1)
        {
            throw new InferometerException(FormattableString.Invariant(
                $"Memory of batch {query.Batch}, {query.SequenceTokens} tokens, {query.Heads} heads over {query.TensorParallel} devices ")
                + "cannot be estimated: all must be at least 1.");
        }

        double width = PrecisionTable.Bud.Find(query.Bits, CompatibilityDialect.Bud.Name).BytesPerElement;
        double weights = query.ParameterCount * width / query.TensorParallel;
        double cache = KvCacheBytes(query, width);
        // Ten values per hidden channel, fifteen for long sequences.
        double activations = (double)query.Batch * query.SequenceTokens * query.HiddenSize
            * (query.SequenceTokens > 8192 ? 15 : 10) * width;
        return new CompatibilityMemoryReport(weights, cache, activations, LoraBytes(query, width), 0.2 * (cache + activations));
    }

    private static double KvCacheBytes(CompatibilityMemoryQuery query, double width)
    {
        double tokens = Math.Min(query.SequenceTokens, query.WindowTokens ?? long.MaxValue);
        double channels = query.LatentRank ?? ((double)query.HiddenSize / query.Heads * query.KvHeads);
        return 2 * query.Layers * tokens * query.Batch * width * channels / query.TensorParallel;
    }

    private static double LoraBytes(CompatibilityMemoryQuery query, double width)
    {
        if (query.Lora is not { } lora)
        {
            return 0;
        }

        double hidden = query.HiddenSize;
        int feedForwardTargets = query.Gated ? 3 : 2;
        // Down-projections come first: the last feed-forward target reads the intermediate width, the others write it.
        double first = (lora.OnAttention ? 4 * hidden : 0) +
            (lora.OnFeedForward ? ((feedForwardTargets - 1) * hidden) + query.IntermediateSize : 0);
        double second = (lora.OnAttention ? 4 * hidden : 0) +
            (lora.OnFeedForward ? ((feedForwardTargets - 1.0) * query.IntermediateSize) + hidden : 0);
        double firstShare = lora.FullySharded ? query.TensorParallel : 1;
        return lora.Rank * ((first / firstShare) + (second / query.TensorParallel)) * lora.Adapters * query.Layers * width;
    }
}
