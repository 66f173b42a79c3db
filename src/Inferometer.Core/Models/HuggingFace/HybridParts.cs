namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single families with recurrences add to their layers, or how they stack them.</summary>
internal static class HybridParts
{
    private static readonly string[] GriffinPattern = ["recurrent", "recurrent", "attention"];

    /// <summary>Layers of one norm and one recurrence.</summary>
    public static IEnumerable<LayerArchitecture> RecurrencesAlone(LayerFactory f) =>
        Enumerable.Repeat(new LayerArchitecture { Mixer = f.Recurrence() }, f.LayerCount);

    /// <summary>Nemotron-H: one of a recurrence, attention, a dense network and experts to a layer, from letters or from words.</summary>
    public static IEnumerable<LayerArchitecture> NemotronStack(LayerFactory f)
    {
        string? letters = f.Fields.Text("hybrid_override_pattern");
        string[]? words = f.Fields.Texts("layers_block_type") ?? f.Fields.Texts("layer_types");
        if (letters is not null && letters.Length != f.LayerCount)
        {
            throw f.Fields.Wrong("hybrid_override_pattern", $"one letter for each of the {f.LayerCount} layers of 'num_hidden_layers'");
        }

        for (int i = 0; i < f.LayerCount; i++)
        {
            string kind = letters is not null ? letters[i].ToString() : words is not null && i < words.Length
                ? words[i]
                : throw f.Fields.Wrong("layers_block_type", $"an array with one entry for each of the {f.LayerCount} layers");
            yield return kind switch
            {
                "M" or "mamba" or "linear_attention" => new() { Mixer = f.Mamba() },
                "*" or "attention" or "full_attention" => new() { Mixer = f.Softmax(i) },
                "-" or "mlp" => new() { FeedForward = f.Dense(i) },
                "E" or "moe" => LatentExperts(f, i),
                _ => throw f.Fields.Wrong(
                    letters is not null ? "hybrid_override_pattern" : "layers_block_type",
                    "made of M (Mamba), * (attention), - (feed-forward) and E (experts)"),
            };
        }
    }

    /// <summary>
    /// RWKV-4: a receptance gates the channel mixing; tokens are mixed with the one before; the first layer norms the embedding.
    /// </summary>
    public static LayerArchitecture RwkvLayer(LayerFactory f, int index, LayerArchitecture layer) => layer
        .With("receptance of the channel mixing", (long)f.Hidden * f.Hidden, SidePartUse.Multiplied)
        .With("token shifts of the channel mixing", 2L * f.Hidden, SidePartUse.Applied)
        .With("norm of the embedding", index == 0 ? 2L * f.Hidden : 0, SidePartUse.Applied);

    public static IEnumerable<LayerArchitecture> XlstmStack(LayerFactory f)
    {
        int step = f.Fields.IntOr(64, 1, Limits.Width, "ffn_round_up_to_multiple_of");
        int width = (int)Math.Ceiling(f.Hidden * f.Fields.PositiveOr(2.667, "ffn_proj_factor") / step) * step;
        var layer = new LayerArchitecture
        {
            Mixer = f.Recurrence(),
            FeedForward = new DenseFeedForward { IntermediateSize = width, Bias = f.Fields.BoolOr(false, "use_bias") },
        };
        return Enumerable.Repeat(layer, f.LayerCount);
    }

    public static bool RecurrentGemmaPattern(JsonFields fields, int layer)
    {
        string[] pattern = fields.Texts("block_types") ?? GriffinPattern;
        return pattern[layer % pattern.Length] is "recurrent";
    }

    /// <summary>RecurrentGemma counts both halves of the gated network in its intermediate size.</summary>
    public static LayerArchitecture RecurrentGemmaLayer(LayerFactory f, int index, LayerArchitecture layer) =>
        layer.FeedForward is DenseFeedForward dense
            ? layer with { FeedForward = dense with { IntermediateSize = dense.IntermediateSize / 2 } }
            : layer;

    /// <summary>LFM2 shrinks its feed-forward width as Llama did: two thirds of it, times a factor, rounded up.</summary>
    public static LayerArchitecture Lfm2Layer(LayerFactory f, int index, LayerArchitecture layer)
    {
        if (layer.FeedForward is not DenseFeedForward dense)
        {
            return layer;
        }

        if (!f.Fields.BoolOr(true, "block_auto_adjust_ff_dim"))
        {
            return layer with
            {
                FeedForward = dense with { IntermediateSize = f.Fields.IntOr(dense.IntermediateSize, 1, Limits.Inner, "block_ff_dim") },
            };
        }

        int width = 2 * f.Fields.IntOr(dense.IntermediateSize, 1, Limits.Inner, "block_ff_dim") / 3;
        int step = f.Fields.IntOr(256, 1, Limits.Width, "block_multiple_of");
        width = (int)(width * f.Fields.PositiveOr(1, "block_ffn_dim_multiplier"));
        return layer with { FeedForward = dense with { IntermediateSize = (width + step - 1) / step * step } };
    }

    /// <summary>Granite 4: without experts only the shared network is left.</summary>
    public static LayerArchitecture GraniteHybridLayer(LayerFactory f, int index, LayerArchitecture layer) =>
        layer.FeedForward is DenseFeedForward dense
        ? layer with { FeedForward = dense with { IntermediateSize = f.Fields.Int(Limits.Inner, "shared_intermediate_size") } }
        : layer;

    /// <summary>
    /// Qwen4-Exp: each block reads its input from several residual streams through a low-rank mixer and adds its output to all of them.
    /// </summary>
    public static LayerArchitecture Qwen4Layer(LayerFactory f, int index, LayerArchitecture layer)
    {
        layer = layer.With("gated residual streams", 2 * (GatedResidual(f) + (Streams(f) * Streams(f) * f.Hidden)), SidePartUse.Multiplied);
        int heads = f.Fields.IntOr(0, 0, Limits.Heads, "indexer_n_heads");
        if (heads == 0 || layer.Mixer is not AttentionMixer)
        {
            return layer;
        }

        long width = f.Fields.Int(Limits.HeadDim, "indexer_head_dim");
        long keys = f.Fields.IntOr(1, 1, Limits.Heads, "indexer_kv_heads");
        return layer.With("index of key blocks", (f.Hidden * (heads + keys) * width) + (2 * width), SidePartUse.Multiplied);
    }

    public static IEnumerable<SidePart> Qwen4Mixer(LayerFactory f)
    {
        yield return new("merging of the residual streams", GatedResidual(f), SidePartUse.Multiplied);
    }

    private static long Streams(LayerFactory f) => f.Fields.IntOr(4, 2, 64, "hc_count");

    private static long GatedResidual(LayerFactory f)
    {
        long wide = Streams(f) * f.Hidden;
        return wide + (2 * wide * f.Fields.IntOr(320, 1, Limits.Width, "hc_lowrank"));
    }

    // Experts in a narrower space have a projection into it and one back.
    private static LayerArchitecture LatentExperts(LayerFactory f, int index)
    {
        MoeFeedForward experts = f.Experts(index);
        return new LayerArchitecture { FeedForward = experts }
            .With("projections into the experts' space and back", 2L * f.Hidden * experts.ExpertInputSize, SidePartUse.Multiplied);
    }
}
