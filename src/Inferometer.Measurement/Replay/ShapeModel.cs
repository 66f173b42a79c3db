using Inferometer.Core.Models;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// Networks of one layer that hold an operator of a given shape, so that a cost model prices the shape as it prices the same operator of a
/// real network.
/// </summary>
internal static class ShapeModel
{
    // DeepSeek-V3's latent attention, which tables of such kernels are of.
    private const int QueryRank = 1536;
    private const int LatentRank = 512;
    private const int PlainWidth = 128;
    private const int RotaryWidth = 64;
    private const int ValueWidth = 128;
    private const int UnusedVocabulary = 32_000;
    private const int NoLimit = 1 << 24;

    /// <summary>The product <c>y[tokens, outputs] = x[tokens, inputs] W</c> as the second matrix of a feed-forward part.</summary>
    public static ModelArchitecture Product(int outputs, int inputs) =>
        Of(outputs, null, new DenseFeedForward { IntermediateSize = inputs, Gated = false });

    /// <summary>Softmax attention.</summary>
    public static ModelArchitecture Attention(int heads, int kvHeads, int width, int window) => Of(
        heads * width,
        new AttentionMixer { Heads = heads, KvHeads = kvHeads, HeadDim = width, ValueHeadDim = width, WindowTokens = window }, null);

    /// <summary>Latent attention; sizes that are null are DeepSeek-V3's.</summary>
    public static ModelArchitecture Latent(int heads, int? rank, int? plain, int? rotary) => Of(
        heads * PlainWidth,
        new LatentAttentionMixer
        {
            Heads = heads,
            QueryRank = QueryRank,
            KvRank = rank ?? LatentRank,
            NopeHeadDim = plain ?? PlainWidth,
            RopeHeadDim = rotary ?? RotaryWidth,
            ValueHeadDim = ValueWidth,
        },
        null);

    /// <summary>Routed experts, behind an attention that <paramref name="devices"/> can share.</summary>
    public static ModelArchitecture Experts(int hidden, int inner, int experts, int perToken, int devices) => Of(
        hidden, Shared(devices), new MoeFeedForward { Experts = experts, ExpertsPerToken = perToken, ExpertIntermediateSize = inner });

    /// <summary>A residual stream whose sums over <paramref name="devices"/> are as wide as it is.</summary>
    public static ModelArchitecture Stream(int hidden, int devices) => Of(hidden, Shared(devices), null);

    /// <summary>A whole dense layer.</summary>
    public static ModelArchitecture Layer(int hidden, int inner, bool gated, int heads, int kvHeads) => Of(
        hidden,
        new AttentionMixer
        {
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = hidden / heads,
            ValueHeadDim = hidden / heads,
            Rope = new RopeParameters(),
        },
        new DenseFeedForward { IntermediateSize = inner, Gated = gated });

    private static AttentionMixer Shared(int devices) =>
        new() { Heads = devices, KvHeads = devices, HeadDim = PlainWidth, ValueHeadDim = PlainWidth };

    private static ModelArchitecture Of(int hidden, TokenMixer? mixer, FeedForward? feedForward) => new()
    {
        Name = "shape",
        ModelType = "shape",
        HiddenSize = hidden,
        VocabularySize = UnusedVocabulary,
        MaxContextTokens = NoLimit,
        Layers = [new LayerArchitecture { Mixer = mixer, FeedForward = feedForward }],
    };
}
