namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single families with latent attention add to their layers, or how they stack them.</summary>
internal static class LatentParts
{
    /// <summary>A.X-K1: layers with experts norm their output.</summary>
    public static LayerArchitecture NormBehindExperts(LayerFactory f, int index, LayerArchitecture layer) =>
        layer.With("norm behind the experts", layer.FeedForward is MoeFeedForward ? f.Hidden : 0, SidePartUse.Applied);

    /// <summary>
    /// A.X-K2: the queries' projection reads their latent before and after its norm and also makes an output gate; norms carry a low-rank
    /// gate.
    /// </summary>
    public static LayerArchitecture Axk2Layer(LayerFactory f, int index, LayerArchitecture layer)
    {
        LatentAttentionMixer mixer = f.Latent(layer);
        long queries = (long)mixer.Heads * (mixer.NopeHeadDim + mixer.RopeHeadDim);
        long gates = (long)mixer.Heads * mixer.ValueHeadDim;
        long norms = layer.FeedForward is MoeFeedForward ? 2 : 1;
        return layer
            .With("query and gate projection beside the usual one", mixer.QueryRank * (queries + (2 * gates)), SidePartUse.Multiplied)
            .With(
                "gates of the norms",
                norms * 2 * f.Hidden * f.Fields.IntOr(16, 1, Limits.Width, "gated_norm_rank"),
                SidePartUse.Multiplied);
    }

    /// <summary>Hunyuan 4: independent hyper-connections, one before each block: two mixing weights per residual stream.</summary>
    public static LayerArchitecture Hy4Layer(LayerFactory f, int index, LayerArchitecture layer)
    {
        long streams = f.Fields.IntOr(4, 1, 64, "hc_mult");
        long mixes = 2 * streams;
        return layer.With("hyper-connections", 2 * ((mixes * streams * f.Hidden) + mixes + 2), SidePartUse.Multiplied);
    }

    public static IEnumerable<SidePart> Hy4Head(LayerFactory f)
    {
        long streams = f.Fields.IntOr(4, 1, 64, "hc_mult");
        yield return new("merging of the residual streams", (streams * streams * f.Hidden) + streams + 1, SidePartUse.Multiplied);
    }

    /// <summary>
    /// LongCat: two attention blocks and two dense networks to a layer; the experts run beside the first network. The router also scores
    /// experts that do nothing.
    /// </summary>
    public static IEnumerable<LayerArchitecture> LongCatStack(LayerFactory f)
    {
        int layers = f.Fields.IntOr(f.LayerCount, 1, Limits.Layers, "num_layers");
        int empty = f.Fields.IntOr(256, 0, Limits.Experts, "zero_expert_num");
        int dense = f.Fields.Int(Limits.Inner, "ffn_hidden_size");
        for (int i = 0; i < layers; i++)
        {
            MoeFeedForward experts = f.Experts(i);
            LatentAttentionMixer mixer = f.Latent(i);
            yield return new()
            {
                Mixer = mixer,
                FeedForward = experts with
                {
                    RouterRows = experts.Experts + empty,
                    ParallelDenseIntermediateSize = dense,
                    ParallelDenseNorms = false,
                },
            };
            yield return new() { Mixer = mixer, FeedForward = new DenseFeedForward { IntermediateSize = dense } };
        }
    }
}
