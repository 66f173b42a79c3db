namespace Inferometer.Cpu.Weights;

/// <summary>Switches of the forward pass that change its speed and memory but not its result, for comparison of the two ways.</summary>
public sealed record ForwardOptions
{
    /// <summary>Attention in tiles with an online softmax; off: the whole row of scores is stored, then normalised.</summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>
    /// Query heads of a group read one shared key/value head; off: the cache holds a copy per query head, as plain multi-head attention
    /// does.
    /// </summary>
    public bool GroupedHeads { get; init; } = true;
}
