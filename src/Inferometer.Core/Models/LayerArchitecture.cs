namespace Inferometer.Core.Models;

/// <summary>
/// One layer: a token mixer (attention or a recurrence) and a feed-forward part; either may be absent (Nemotron-H layers hold one of the
/// two).
/// </summary>
public sealed record LayerArchitecture
{
    /// <summary>What mixes tokens, or null when the layer only has a feed-forward part.</summary>
    public TokenMixer? Mixer { get; init; }

    /// <summary>A second mixer on the same input, whose output is added to that of <see cref="Mixer"/> (Falcon-H1), or null.</summary>
    public TokenMixer? ParallelMixer { get; init; }

    /// <summary>What works on each token alone, or null when the layer only mixes.</summary>
    public FeedForward? FeedForward { get; init; }

    /// <summary>Parts beside the mixer and the feed-forward network.</summary>
    public EquatableList<SidePart> Parts { get; init; } = EquatableList<SidePart>.Empty;

    /// <summary>
    /// The mixer, the feed-forward part and their norms are those of an earlier layer, run again (Zamba); <see cref="Parts"/> are the
    /// layer's own.
    /// </summary>
    public bool ReusesWeights { get; init; }

    /// <summary>The mixers of the layer: none, one or two.</summary>
    public IEnumerable<TokenMixer> Mixers
    {
        get
        {
            if (Mixer is not null)
            {
                yield return Mixer;
            }

            if (ParallelMixer is not null)
            {
                yield return ParallelMixer;
            }
        }
    }
}

/// <summary>
/// The part of a layer that mixes tokens. One of <see cref="AttentionMixer"/>, <see cref="LatentAttentionMixer"/>,
/// <see cref="CompressedAttentionMixer"/>, <see cref="GatedDeltaMixer"/>, <see cref="MambaMixer"/>, <see cref="RecurrentMixer"/>.
/// </summary>
public abstract record TokenMixer;

/// <summary>Softmax attention with its own keys and values: MHA, GQA or MQA.</summary>
public sealed record AttentionMixer : TokenMixer
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; equal to <see cref="Heads"/> for MHA, 1 for MQA.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a query or key head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueHeadDim { get; init; }

    /// <summary>
    /// Longest distance a query looks back, tokens including itself, in an encoder also ahead; 0 = the whole context.
    /// </summary>
    public int WindowTokens { get; init; }

    /// <summary>Attention is cut at multiples of this many tokens (Llama-4 chunked attention); 0 = not.</summary>
    public int ChunkTokens { get; init; }

    /// <summary>The query, key and value projections have biases.</summary>
    public bool QkvBias { get; init; }

    /// <summary>The output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Fixed factor on the values (MiMo-V2); 1 = none.</summary>
    public double ValueScale { get; init; } = 1;

    /// <summary>Values are normed head by head, without a weight (Gemma 3n, Gemma 4).</summary>
    public bool ValueNorm { get; init; }

    /// <summary>
    /// Queries grow with their position p by 1 + scale * ln(1 + floor((p + <see cref="TemperatureOffset"/>) /
    /// <see cref="TemperatureTokens"/>)) (Llama 4's layers without positions, all of Ministral 3); 0 = not.
    /// </summary>
    public double TemperatureScale { get; init; }

    /// <summary>Tokens after which <see cref="TemperatureScale"/> takes the next step.</summary>
    public int TemperatureTokens { get; init; }

    /// <summary>Added to the position before it is divided: 1 in Llama 4, which counts tokens, 0 in Ministral 3.</summary>
    public int TemperatureOffset { get; init; }

    /// <summary>Norm on queries and keys after their projection.</summary>
    public QkNormKind QkNorm { get; init; }

    /// <summary>The norm on queries and keys follows the rotary embedding instead of going before it (Hunyuan, Llama-4).</summary>
    public bool QkNormAfterRope { get; init; }

    /// <summary>Projected queries, keys and values are cut to this size (OLMo, OLMoE); 0 = not.</summary>
    public double QkvClip { get; init; }

    /// <summary>A sigmoid gate as wide as the output, projected with the queries (Qwen3-Next, Qwen3.5).</summary>
    public bool OutputGate { get; init; }

    /// <summary>A gate of one number per head, projected from the hidden state (Laguna).</summary>
    public bool HeadGate { get; init; }

    /// <summary>A learned logit per head in the softmax's denominator (gpt-oss).</summary>
    public bool AttentionSink { get; init; }

    /// <summary>Width the projections read; 0 = the residual stream's (Zamba reads the embedding beside it).</summary>
    public int InputSize { get; init; }

    /// <summary>
    /// Keys and values are read from an earlier layer's cache: no projections for them and no cache of its own (Gemma 3n, Gemma 4).
    /// </summary>
    public bool ReusesCache { get; init; }

    /// <summary>Values are the keys: no value projection (Gemma-4 global layers with k = v).</summary>
    public bool ValuesAreKeys { get; init; }

    /// <summary>tanh cap on the scores, 0 = none (Gemma 2: 50).</summary>
    public double ScoreSoftcap { get; init; }

    /// <summary>Factor on the scores; 0 = 1/sqrt(<see cref="HeadDim"/>).</summary>
    public double ScoreScale { get; init; }

    /// <summary>Rotary embedding of this layer, or null where positions do not enter it.</summary>
    public RopeParameters? Rope { get; init; }
}

/// <summary>
/// Multi-head latent attention (DeepSeek): one compressed latent of keys and values per token, shared by all heads, and one shared rotary
/// key.
/// </summary>
public sealed record LatentAttentionMixer : TokenMixer
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Rank of the query compression; 0 = queries are projected directly.</summary>
    public required int QueryRank { get; init; }

    /// <summary>Width of the shared key/value latent.</summary>
    public required int KvRank { get; init; }

    /// <summary>Per-head width without rotary embedding.</summary>
    public required int NopeHeadDim { get; init; }

    /// <summary>Width of the rotary part; one shared rotary key per token.</summary>
    public required int RopeHeadDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueHeadDim { get; init; }

    /// <summary>The projections from the hidden state have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>Sparse attention: each query reads at most this many cached tokens (DSA); 0 = all.</summary>
    public int IndexTopK { get; init; }

    /// <summary>Heads of the sparse-attention indexer.</summary>
    public int IndexHeads { get; init; }

    /// <summary>Head width of the sparse-attention indexer; one such key per token is cached.</summary>
    public int IndexHeadDim { get; init; }

    /// <summary>The layer reads what an earlier layer's indexer chose: no indexer and no index keys of its own (GLM-5).</summary>
    public bool ReusesIndex { get; init; }

    /// <summary>A sigmoid gate as wide as the values, projected from the hidden state (Hunyuan 4).</summary>
    public bool OutputGate { get; init; }

    /// <summary>A learned logit per head in the softmax's denominator.</summary>
    public bool AttentionSink { get; init; }

    /// <summary>
    /// Factor on the scores; 0 = 1/sqrt(<see cref="NopeHeadDim"/> + <see cref="RopeHeadDim"/>). DeepSeek multiplies it by its YaRN mscale
    /// squared.
    /// </summary>
    public double ScoreScale { get; init; }

    /// <summary>Rotary embedding of the rotary part.</summary>
    public RopeParameters? Rope { get; init; }
}

/// <summary>
/// Compressed attention (DeepSeek-V4): one shared key/value vector per token, read within a sliding window, and behind it a cache in which
/// every <see cref="CompressionRatio"/> tokens are pooled into one such vector; the output projection is low-rank in groups of heads.
/// </summary>
public sealed record CompressedAttentionMixer : TokenMixer
{
    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a query head and of the one shared key/value vector (the same vector serves as key and as value).</summary>
    public required int HeadDim { get; init; }

    /// <summary>Trailing channels of a head that are rotated.</summary>
    public required int RopeHeadDim { get; init; }

    /// <summary>Rank of the query compression.</summary>
    public required int QueryRank { get; init; }

    /// <summary>Rank of the output projection of one group of heads.</summary>
    public required int OutputRank { get; init; }

    /// <summary>Groups of heads whose outputs are projected down together.</summary>
    public required int OutputGroups { get; init; }

    /// <summary>Latest tokens whose uncompressed vectors are read.</summary>
    public required int WindowTokens { get; init; }

    /// <summary>Tokens pooled into one vector of the compressed cache; 0 = the layer has only the window.</summary>
    public int CompressionRatio { get; init; }

    /// <summary>The pooled stretches overlap by half, with twice the pooling width (ratio 4).</summary>
    public bool OverlappingCompression { get; init; }

    /// <summary>Each query reads at most this many compressed vectors, chosen by the indexer; 0 = all of them.</summary>
    public int IndexTopK { get; init; }

    /// <summary>Heads of the indexer.</summary>
    public int IndexHeads { get; init; }

    /// <summary>Head width of the indexer; one such key per compressed vector is cached.</summary>
    public int IndexHeadDim { get; init; }

    /// <summary>Rotary embedding of the rotary part.</summary>
    public RopeParameters? Rope { get; init; }
}

/// <summary>Gated delta-rule linear attention (Qwen3-Next, Qwen3.5): a fixed state per sequence instead of a cache.</summary>
public sealed record GatedDeltaMixer : TokenMixer
{
    /// <summary>Query and key heads.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Value heads.</summary>
    public required int ValueHeads { get; init; }

    /// <summary>Width of a key head.</summary>
    public required int KeyHeadDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueHeadDim { get; init; }

    /// <summary>Taps of the causal convolution over q, k and v.</summary>
    public required int ConvolutionTaps { get; init; }

    /// <summary>
    /// Value heads are stored in turn over the key heads, so that value head h belongs to key head h modulo their number (GGUF files of
    /// Qwen3.5); otherwise those of one key head stand together.
    /// </summary>
    public bool ValueHeadsInTurn { get; init; }

    /// <summary>
    /// The output gate and the beta/alpha inputs are separate projections; the number of parameters is the same either way.
    /// </summary>
    public bool SplitProjections { get; init; }
}

/// <summary>Mamba-2 state-space mixer: a fixed state per sequence instead of a cache.</summary>
public sealed record MambaMixer : TokenMixer
{
    /// <summary>Heads of the state-space recurrence.</summary>
    public required int Heads { get; init; }

    /// <summary>Width of a head; Heads x HeadDim is the inner width.</summary>
    public required int HeadDim { get; init; }

    /// <summary>State size N per channel.</summary>
    public required int StateSize { get; init; }

    /// <summary>Groups that share B and C.</summary>
    public required int Groups { get; init; }

    /// <summary>Taps of the causal convolution over x, B and C.</summary>
    public required int ConvolutionTaps { get; init; }

    /// <summary>The convolution has a bias.</summary>
    public bool ConvolutionBias { get; init; } = true;

    /// <summary>The in and out projections have biases.</summary>
    public bool ProjectionBias { get; init; }

    /// <summary>A gated norm with a weight per inner channel before the out projection (Falcon-H1 has none).</summary>
    public bool GatedNorm { get; init; } = true;
}

/// <summary>
/// The part of a layer that works on each token alone. One of <see cref="DenseFeedForward"/>, <see cref="MoeFeedForward"/>.
/// </summary>
public abstract record FeedForward;

/// <summary>A plain (two matrices) or gated (three matrices) feed-forward network.</summary>
public sealed record DenseFeedForward : FeedForward
{
    /// <summary>Inner width.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>True: act(gate(x)) * up(x), three matrices. False: act(up(x)), two.</summary>
    public bool Gated { get; init; } = true;

    /// <summary>The matrices have biases.</summary>
    public bool Bias { get; init; }

    /// <summary>Non-linearity.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Silu;

    /// <summary>
    /// Gates below their mean plus so many standard deviations become zero, and the others lose as much, before the activation (Gemma 3n);
    /// null = none.
    /// </summary>
    public double? GateCutoff { get; init; }

    /// <summary>
    /// The slopes of xIELU above and below zero, before their softplus, where a file describes them beside its tensors; empty where they
    /// are tensors.
    /// </summary>
    public EquatableList<double> Slopes { get; init; } = [];
}

/// <summary>A mixture of experts with optional shared experts and, for Gemma-4, a dense part beside it.</summary>
public sealed record MoeFeedForward : FeedForward
{
    /// <summary>Routed experts.</summary>
    public required int Experts { get; init; }

    /// <summary>Routed experts each token uses.</summary>
    public required int ExpertsPerToken { get; init; }

    /// <summary>Inner width of one routed expert.</summary>
    public required int ExpertIntermediateSize { get; init; }

    /// <summary>Total inner width of all shared experts; 0 = none.</summary>
    public int SharedIntermediateSize { get; init; }

    /// <summary>The shared expert's output passes a sigmoid gate of one output (Qwen MoE).</summary>
    public bool SharedGate { get; init; }

    /// <summary>Inner width of a dense FFN that runs beside the experts (Gemma-4); 0 = none.</summary>
    public int ParallelDenseIntermediateSize { get; init; }

    /// <summary>
    /// The dense part beside the experts, and the experts, have norms of their own, and the router scales (Gemma-4); false for LongCat.
    /// </summary>
    public bool ParallelDenseNorms { get; init; } = true;

    /// <summary>Width the routed experts read and write; 0 = the residual stream's (latent experts of Nemotron 3).</summary>
    public int ExpertInputSize { get; init; }

    /// <summary>Rows of the router; 0 = <see cref="Experts"/>. More where it also scores shared, empty or skipping experts.</summary>
    public int RouterRows { get; init; }

    /// <summary>Width the router reads; 0 = the residual stream's (ZAYA routes in a narrower space).</summary>
    public int RouterInputSize { get; init; }

    /// <summary>Experts are gated (three matrices).</summary>
    public bool Gated { get; init; } = true;

    /// <summary>Experts have biases (gpt-oss).</summary>
    public bool ExpertBias { get; init; }

    /// <summary>The router has a bias as wide as <see cref="Experts"/> (gpt-oss; DeepSeek-V3 correction bias).</summary>
    public bool RouterBias { get; init; }

    /// <summary>Experts are chosen by a fixed table over token ids instead of by score (first layers of DeepSeek-V4).</summary>
    public bool HashRouting { get; init; }

    /// <summary>Groups the experts are sorted into before the choice (DeepSeek-V2/V3); 1 = none.</summary>
    public int RouterGroups { get; init; } = 1;

    /// <summary>Groups a token may choose experts from.</summary>
    public int RouterGroupsPerToken { get; init; } = 1;

    /// <summary>The router's weight scales the expert's input instead of its output (Llama-4).</summary>
    public bool ScaleExpertInput { get; init; }

    /// <summary>Weights of the chosen experts are made to sum to one.</summary>
    public bool NormalizeTopK { get; init; } = true;

    /// <summary>Router scores are sigmoids (DeepSeek-V3, Llama-4) instead of a softmax.</summary>
    public bool SigmoidRouter { get; init; }

    /// <summary>
    /// The choice of the sparse mixer (arXiv:2409.12136; Phi-3.5-MoE): one expert after the other, each weighted by the softmax over those
    /// whose scores are within twice this share of the best one left; 0 = not.
    /// </summary>
    public double RouterJitter { get; init; }

    /// <summary>Factor on the routed experts' sum.</summary>
    public double RoutedScale { get; init; } = 1;

    /// <summary>Non-linearity.</summary>
    public ActivationKind Activation { get; init; } = ActivationKind.Silu;
}
