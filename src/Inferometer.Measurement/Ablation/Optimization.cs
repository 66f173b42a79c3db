namespace Inferometer.Measurement.Ablation;

/// <summary>The engine's optimisations that have a switch, in the order in which they are switched on one after another.</summary>
public enum Optimization
{
    /// <summary>Keys and values kept between steps.</summary>
    KvCache,

    /// <summary>Attention in tiles.</summary>
    FlashAttention,

    /// <summary>Key/value heads shared by groups of query heads.</summary>
    GroupedHeads,

    /// <summary>Requests computed together.</summary>
    Batching,

    /// <summary>Prompts' common beginnings computed once.</summary>
    PrefixCache,
}
