namespace Inferometer.Core.Models.HuggingFace;

/// <summary>What single dense families add to their layers, or how they stack them.</summary>
internal static class DenseParts
{
    /// <summary>The layer with one more side part; none where it has no parameters.</summary>
    public static LayerArchitecture With(this LayerArchitecture layer, string name, long parameters, SidePartUse use) =>
        parameters == 0 ? layer : layer with { Parts = [.. layer.Parts, new SidePart(name, parameters, use)] };

    /// <summary>BitNet: a norm before the output projection of attention and one before the down projection.</summary>
    public static LayerArchitecture BitNet(LayerFactory f, int index, LayerArchitecture layer) =>
        layer.With("norms inside attention and feed-forward", f.Hidden + f.Dense(index).IntermediateSize, SidePartUse.Applied);

    /// <summary>Moshi counts both halves of the gated network in its width.</summary>
    public static LayerArchitecture Moshi(LayerFactory f, int index, LayerArchitecture layer) =>
        layer with { FeedForward = f.Dense(index) with { IntermediateSize = f.Fields.Int(Limits.Inner, "ffn_dim") / 2 } };

    /// <summary>
    /// Doge: a learned mask (one decay per head and a map of the values), a scale on each residual, and experts that are single rows of
    /// two tables.
    /// </summary>
    public static LayerArchitecture Doge(LayerFactory f, int index, LayerArchitecture layer)
    {
        AttentionMixer mixer = f.Softmax(index);
        long mask = (long)mixer.KvHeads * ((long)mixer.KvHeads * mixer.HeadDim) + mixer.KvHeads;
        LayerArchitecture scaled = (layer with { FeedForward = f.Dense(index) })
            .With("dynamic mask", mask, SidePartUse.Multiplied)
            .With("residual scales", 2L * f.Hidden, SidePartUse.Applied);
        if (!f.Fields.BoolOr(false, "is_moe"))
        {
            return scaled;
        }

        long experts = f.Fields.Int(1 << 26, "num_experts");
        long keys = (long)Math.Floor(Math.Sqrt(experts));
        return scaled
            .With("expert router", 2 * keys * f.Hidden, SidePartUse.Multiplied)
            .With("expert tables", 2 * experts * f.Hidden, SidePartUse.LookedUp);
    }

    /// <summary>Llama 3.2 Vision: cross-attention layers are loaded and skipped over text.</summary>
    public static LayerArchitecture CrossAttentionIdle(LayerFactory f, int index, LayerArchitecture layer)
    {
        if (f.Fields.Ints("cross_attention_layers", 0, Limits.Layers)?.Contains(index) is not true)
        {
            return layer;
        }

        // Two norms of queries and keys and two gates beside what a layer of the text has.
        long parameters = LayerParameters.Mixer(layer.Mixer!, f.Hidden)
            + LayerParameters.Dense(f.Dense(layer), f.Hidden)
            + (2L * f.Hidden) + (2L * f.Softmax(index).HeadDim) + 2;
        return new LayerArchitecture().With("cross-attention layer for images", parameters, SidePartUse.Idle);
    }

    /// <summary>
    /// HRM: a low and a high stack, the low one run L_cycles times and the high one once in each of H_cycles cycles; every run has a
    /// cache of its own.
    /// </summary>
    public static IEnumerable<LayerArchitecture> HierarchicalStack(LayerFactory f)
    {
        int high = f.Fields.IntOr(2, 1, 1024, "H_cycles");
        int low = f.Fields.IntOr(3, 1, 1024, "L_cycles");
        int perStack = f.Fields.IntOr(f.LayerCount, 1, Limits.Layers, "num_layers_per_stack");
        for (int cycle = 0; cycle < high; cycle++)
        {
            for (int run = 0; run <= low; run++)
            {
                bool first = cycle == 0 && (run == 0 || run == low);
                for (int layer = 0; layer < perStack; layer++)
                {
                    yield return new() { Mixer = f.Softmax(layer), FeedForward = f.Dense(layer), ReusesWeights = !first };
                }
            }
        }
    }
}
