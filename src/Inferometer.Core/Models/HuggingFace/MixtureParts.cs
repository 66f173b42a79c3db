namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single families with experts add to their layers or change of them.</summary>
internal static class MixtureParts
{
    /// <summary>The first layer is dense where the file does not say which layers are.</summary>
    public static LayerArchitecture FirstLayerDense(LayerFactory f, int index, LayerArchitecture layer) =>
        index == 0 && !f.Fields.Has("mlp_layer_types") && !f.Fields.Has("moe_layer_freq") ? layer with { FeedForward = f.Dense() } : layer;

    /// <summary>Hunyuan: one shared network of an expert's own width beside the experts.</summary>
    public static LayerArchitecture HunyuanShared(LayerFactory f, int index, LayerArchitecture layer) =>
        layer.FeedForward is MoeFeedForward moe
        ? layer with { FeedForward = moe with { SharedIntermediateSize = f.Fields.Int(Limits.Inner, "intermediate_size") } }
        : layer;

    /// <summary>MiniMax M3: sparse layers choose blocks of keys by index heads of their own, with normed queries and one key.</summary>
    public static LayerArchitecture MiniMaxM3Indexer(LayerFactory f, int index, LayerArchitecture layer)
    {
        if (f.Kinds.Word(index) is not "minimax_m3_sparse")
        {
            return layer;
        }

        long width = f.Fields.IntOr(128, 1, Limits.HeadDim, "index_head_dim");
        long heads = f.Fields.IntOr(4, 1, Limits.Heads, "index_n_heads");
        return layer.With("index of key blocks", (f.Hidden * (heads + 1) * width) + (2 * width), SidePartUse.Multiplied);
    }

    /// <summary>
    /// JetMoE: each chosen expert has a query and an output projection of its own over shared keys and values; both mixtures have routers
    /// and biases.
    /// </summary>
    public static LayerArchitecture JetMoe(LayerFactory f, int index, LayerArchitecture layer)
    {
        int kvHeads = f.Fields.Int(Limits.Heads, "num_key_value_heads");
        int width = f.Fields.Int(Limits.HeadDim, "kv_channels");
        int perToken = f.Fields.Int(Limits.Experts, "num_experts_per_tok");
        int heads = kvHeads * perToken;
        var mixer = f.Attention(layer) with { Heads = heads, KvHeads = kvHeads, HeadDim = width, ValueHeadDim = width };
        long experts = f.Fields.Int(Limits.Experts, "num_local_experts");
        long idle = (experts - perToken) * 2 * f.Hidden * kvHeads * width;
        return (layer with { Mixer = mixer })
            .With("router and bias of the attention's experts", (experts * f.Hidden) + f.Hidden, SidePartUse.Multiplied)
            .With("query and output projections of other experts", idle, SidePartUse.LookedUp)
            .With("bias of the experts", f.Hidden, SidePartUse.Applied);
    }

    /// <summary>
    /// ZAYA: queries and keys pass two short convolutions, residuals are scaled and shifted, and the router is a network in a narrower
    /// space with an empty expert.
    /// </summary>
    public static LayerArchitecture Zaya(LayerFactory f, int index, LayerArchitecture layer)
    {
        var mixer = f.Attention(layer);
        long width = f.Fields.IntOr(256, 1, Limits.Width, "router_hidden_size");
        var experts = f.Experts(layer);
        long channels = (long)(mixer.Heads + mixer.KvHeads) * mixer.HeadDim;
        long taps = f.Fields.IntOr(2, 1, 64, "cca_time0");
        long grouped = f.Fields.IntOr(2, 1, 64, "cca_time1") * mixer.HeadDim;
        long router = (f.Hidden * width) + width + (index > 0 ? width : 0) + width + (2 * ((width * width) + width));
        return (layer with { FeedForward = experts with { RouterRows = experts.Experts + 1, RouterInputSize = (int)width } })
            .With("convolutions of queries and keys", (channels * (taps + 1)) + (channels * (grouped + 1)), SidePartUse.Multiplied)
            .With("key temperatures", mixer.KvHeads, SidePartUse.Applied)
            .With("router network", router, SidePartUse.Multiplied)
            .With("residual scales and biases", 8L * f.Hidden, SidePartUse.Applied);
    }

    /// <summary>
    /// Inkling: relative positions from the hidden state, and short convolutions of keys, values and both blocks' outputs.
    /// </summary>
    public static LayerArchitecture Inkling(LayerFactory f, int index, LayerArchitecture layer)
    {
        var mixer = f.Attention(layer);
        long taps = f.Fields.IntOr(4, 1, 64, "conv_kernel_size", "sconv_kernel_size");
        long relative = f.Fields.IntOr(16, 1, Limits.Width, "d_rel");
        long extent = mixer.WindowTokens > 0 ? mixer.WindowTokens : f.Fields.IntOr(1024, 1, int.MaxValue, "rel_extent");
        FeedForward? feedForward = layer.FeedForward is MoeFeedForward moe
            ? moe with { RouterRows = moe.Experts + f.Fields.IntOr(2, 0, Limits.Experts, "n_shared_experts") }
            : layer.FeedForward;
        return (layer with { FeedForward = feedForward })
            .With("relative positions", (f.Hidden * mixer.Heads * relative) + (relative * extent), SidePartUse.Multiplied)
            .With("short convolutions", taps * ((2L * mixer.KvHeads * mixer.HeadDim) + (2L * f.Hidden)), SidePartUse.Applied)
            .With("scale of the feed-forward part", 1, SidePartUse.Applied);
    }
}
