namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Per-layer embeddings, alternating updates and low-rank branches of Gemma 3n and 4.</summary>
internal static class GemmaParts
{
    public static LayerArchitecture Gemma4Layer(LayerFactory f, int index, LayerArchitecture layer)
    {
        // Layers that read an earlier layer's cache may have feed-forward networks of twice the width.
        if (layer is { Mixer: AttentionMixer { ReusesCache: true }, FeedForward: DenseFeedForward dense }
            && f.Fields.BoolOr(false, "use_double_wide_mlp"))
        {
            layer = layer with { FeedForward = dense with { IntermediateSize = 2 * dense.IntermediateSize } };
        }

        return layer.With("per-layer input", PerLayerInput(f), SidePartUse.Multiplied);
    }

    /// <summary>The table of per-layer embeddings, and a projection of the embedding beside it.</summary>
    public static IEnumerable<SidePart> PerLayerTables(LayerFactory f)
    {
        long width = f.Fields.IntOr(0, 0, Limits.Width, "hidden_size_per_layer_input");
        long rows = f.Fields.IntOr(262144, 0, Limits.Vocabulary, "vocab_size_per_layer_input");
        return width == 0
            ? []
            :
            [
                new("per-layer embeddings", rows * width * f.LayerCount, SidePartUse.LookedUp),
                new("per-layer input projection", (f.Hidden * width * f.LayerCount) + width, SidePartUse.Multiplied),
            ];
    }

    /// <summary>arXiv:2301.13310 (alternating updates), arXiv:2411.07501 (learned augmented residual), and the per-layer input.</summary>
    public static LayerArchitecture Gemma3nLayer(LayerFactory f, int index, LayerArchitecture layer)
    {
        long hidden = f.Hidden;
        long streams = f.Fields.IntOr(4, 1, 64, "altup_num_inputs");
        long rank = f.Fields.IntOr(64, 1, Limits.Width, "laurel_rank");
        var mixer = f.Attention(layer);
        long unused = mixer.ReusesCache ? (2L * mixer.KvHeads * mixer.HeadDim * hidden) + mixer.HeadDim : 0;
        if (layer.FeedForward is DenseFeedForward dense)
        {
            layer = layer with { FeedForward = dense with { GateCutoff = GateCutoff(f, index) } };
        }

        return layer
            .With("alternating updates", UpdateParameters(streams, hidden), SidePartUse.Multiplied)
            .With("low-rank residual", (2 * rank * hidden) + hidden, SidePartUse.Multiplied)
            .With("per-layer input", PerLayerInput(f), SidePartUse.Multiplied)
            .With("key and value projections that the layer does not use", unused, SidePartUse.Idle);
    }

    /// <summary>Weights of a layer's predictions and corrections, its router and their norms.</summary>
    public static long UpdateParameters(long streams, long hidden) =>
        (streams * hidden) + (streams * streams) + (streams * streams * streams) + (2 * hidden);

    /// <summary>The inputs that every layer gets of its own.</summary>
    public static ModelArchitecture WithLayerInputs(LayerFactory f, ModelArchitecture model)
    {
        int width = f.Fields.IntOr(0, 0, Limits.Width, "hidden_size_per_layer_input");
        return width == 0
            ? model
            : model with { LayerInputs = new(width, f.Fields.IntOr(262144, 1, Limits.Vocabulary, "vocab_size_per_layer_input")) };
    }

    /// <summary>Inputs of its own for every layer, and several residual streams.</summary>
    public static ModelArchitecture Gemma3n(LayerFactory f, ModelArchitecture model)
    {
        int streams = f.Fields.IntOr(4, 1, 64, "altup_num_inputs");
        return WithLayerInputs(f, model) with
        {
            Updates = new(
                streams, f.Fields.IntOr(0, 0, streams - 1, "altup_active_idx"), f.Fields.IntOr(64, 1, Limits.Width, "laurel_rank"),
                f.Fields.BoolOr(true, "altup_correct_scale")),
        };
    }

    // The file gives the share of gates that are cut, as of normally distributed ones; the class's default is 0.95 of the first ten layers.
    private static double? GateCutoff(LayerFactory f, int layer)
    {
        double share = f.Fields.Numbers("activation_sparsity_pattern") is not { } shares ? layer < 10 && f.LayerCount > 10 ? 0.95 : 0
            : layer < shares.Length && shares[layer] is >= 0 and < 1 ? shares[layer]
            : throw f.Fields.Wrong("activation_sparsity_pattern", "a number from 0 to below 1 for each layer");
        return share == 0 ? null : NormalDistribution.Quantile(share);
    }

    public static IEnumerable<SidePart> Gemma3nTables(LayerFactory f)
    {
        long streams = f.Fields.IntOr(4, 1, 64, "altup_num_inputs");
        return
        [
            .. PerLayerTables(f),
            new("projections between residual streams", 2 * (streams - 1) * f.Hidden * f.Hidden, SidePartUse.Multiplied),
        ];
    }

    // Into the per-layer width, back, and a norm.
    private static long PerLayerInput(LayerFactory f)
    {
        long width = f.Fields.IntOr(0, 0, Limits.Width, "hidden_size_per_layer_input");
        return width == 0 ? 0 : (2 * width * f.Hidden) + f.Hidden;
    }
}
