using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// A network as the reproduced simulators describe it: one kind of layer repeated, with the few extras they know. Deliberately
/// apart from <c>ModelArchitecture</c>, because their presets hold combinations no real network has. Immutable.
/// </summary>
public sealed record CompatibilityModel
{
    /// <summary>Name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Rows of the embedding and of the LM head.</summary>
    public required long VocabularySize { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required long HiddenSize { get; init; }

    /// <summary>Inner width of the feed-forward network, and of every expert outside the chunked phase.</summary>
    public required long IntermediateSize { get; init; }

    /// <summary>Parallel input projections of the feed-forward network: 2 gated, 1 plain.</summary>
    public int FeedForwardInputs { get; init; } = 2;

    /// <summary>Decoder layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Key/value heads.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Routed experts; 1 = a dense network.</summary>
    public int Experts { get; init; } = 1;

    /// <summary>Routed experts each token uses.</summary>
    public int ExpertsPerToken { get; init; } = 1;

    /// <summary>
    /// Inner width of a fine-grained expert; read in the chunked phase only and only with <see cref="FineGrainedExperts"/>.
    /// </summary>
    public long? ExpertIntermediateSize { get; init; }

    /// <summary>Shared experts; read where <see cref="ExpertIntermediateSize"/> is.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Inner width of one shared expert.</summary>
    public long? SharedExpertIntermediateSize { get; init; }

    /// <summary>The preset names the <c>deepseek</c> feed-forward implementation.</summary>
    public bool FineGrainedExperts { get; init; }

    /// <summary>Sliding window, tokens; has no effect without <see cref="GlobalLayerPeriod"/>.</summary>
    public long? WindowTokens { get; init; }

    /// <summary>
    /// Layers whose index is a multiple of this see the whole context and the others <see cref="WindowTokens"/>; null = all see everything.
    /// </summary>
    public int? GlobalLayerPeriod { get; init; }

    /// <summary>Ranks of multi-head latent attention, or null.</summary>
    public CompatibilityLatentAttention? LatentAttention { get; init; }

    /// <summary>
    /// Layers differ from each other or hold a recurrence; prefill and decode refuse such a model, the chunked phase takes the plain
    /// fields.
    /// </summary>
    public bool HasOtherLayerKinds { get; init; }

    internal bool IsMixture => Experts > 1;

    internal void Validate()
    {
        Require(nameof(VocabularySize), VocabularySize);
        Require(nameof(HiddenSize), HiddenSize);
        Require(nameof(IntermediateSize), IntermediateSize);
        Require(nameof(FeedForwardInputs), FeedForwardInputs);
        Require(nameof(Layers), Layers);
        Require(nameof(Heads), Heads);
        Require(nameof(HeadDim), HeadDim);
        Require(nameof(KvHeads), KvHeads);
        Require(nameof(Experts), Experts);
        Require(nameof(ExpertsPerToken), ExpertsPerToken);
        if (GlobalLayerPeriod is { } period)
        {
            Require(nameof(GlobalLayerPeriod), period);
        }
    }

    private void Require(string field, long value)
    {
        if (value < 1)
        {
            throw new InferometerException(FormattableString.Invariant($"Model '{Name}': {field} is {value}; it must be at least 1."));
        }
    }
}

/// <summary>Ranks and widths of multi-head latent attention.</summary>
/// <param name="QueryRank">Rank of the query compression.</param>
/// <param name="KvRank">Width of the shared latent.</param>
/// <param name="RopeHeadDim">Rotary width of a head.</param>
/// <param name="NopeHeadDim">Width of a head without rotary embedding.</param>
/// <param name="ValueHeadDim">Width of a value head.</param>
public sealed record CompatibilityLatentAttention(long QueryRank, long KvRank, long RopeHeadDim, long NopeHeadDim, long ValueHeadDim);
