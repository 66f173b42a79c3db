namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Zamba: Mamba layers, and before some of them a transformer block that reads the residual stream beside the embedding, whose weights all
/// those places share (Zamba2: a few blocks taken in turn, with low-rank adapters for each place). A place is two layers here.
/// </summary>
internal static class ZambaStack
{
    public static IEnumerable<LayerArchitecture> Of(LayerFactory f)
    {
        bool second = f.Shape.ModelType is "zamba2";
        int blocks = second ? f.Fields.IntOr(1, 1, Limits.Layers, "num_mem_blocks") : 1;
        int[] places = [.. Places(f)];
        int seen = 0;
        for (int i = 0; i < f.LayerCount; i++)
        {
            if (places.Contains(i))
            {
                yield return Block(f, second, reuses: seen >= blocks);
                seen++;
            }

            yield return new() { Mixer = f.Recurrence() };
        }
    }

    private static IEnumerable<int> Places(LayerFactory f)
    {
        if (f.Fields.Ints("hybrid_layer_ids", 0, Limits.Layers) is { } given)
        {
            return given;
        }

        if (f.Fields.Texts("layers_block_type") is { } words)
        {
            return Enumerable.Range(0, words.Length).Where(i => words[i] is "hybrid");
        }

        int period = f.Fields.IntOr(6, 1, Limits.Layers, "attn_layer_period");
        int offset = f.Fields.IntOr(4, 0, Limits.Layers, "attn_layer_offset");
        return Enumerable.Range(0, f.LayerCount).Where(i => i % period == offset);
    }

    private static LayerArchitecture Block(LayerFactory f, bool second, bool reuses)
    {
        int heads = f.Fields.Int(Limits.Heads, "num_attention_heads");
        int input = f.Fields.IntOr(2 * f.Hidden, 1, Limits.Width, "attention_hidden_size");
        int width = f.Fields.IntOr(input / heads, 1, Limits.HeadDim, "attention_head_dim");
        int inner = f.Fields.IntOr(4 * f.Hidden, 1, Limits.Inner, "intermediate_size", "ffn_hidden_size");
        var layer = new LayerArchitecture
        {
            Mixer = new AttentionMixer
            {
                Heads = heads,
                KvHeads = f.Fields.IntOr(heads, 1, Limits.Heads, "num_key_value_heads"),
                HeadDim = width,
                ValueHeadDim = width,
                InputSize = input,
                ScoreScale = Math.Sqrt(2.0 / width),
            },
            FeedForward = new DenseFeedForward
            {
                IntermediateSize = inner,
                Bias = f.Fields.BoolOr(false, "add_bias_linear"),
                Activation = ActivationKind.Gelu,
            },
            ReusesWeights = reuses,
        };

        // The norm before attention is as wide as what attention reads; the layer's own norms count one residual stream.
        layer = layer.With("projection of the shared block's output", (long)f.Hidden * f.Hidden, SidePartUse.Multiplied)
            .With("norm of the embedding's half", reuses ? 0 : input - f.Hidden, SidePartUse.Applied);
        if (!second)
        {
            return layer;
        }

        long rank = f.Fields.IntOr(128, 1, Limits.Width, "adapter_rank");
        layer = layer.With("feed-forward adapter", rank * (f.Hidden + (2L * inner)), SidePartUse.Multiplied);
        return f.Fields.BoolOr(false, "use_shared_attention_adapter")
            ? layer.With("attention adapters", 3 * rank * (input + ((long)heads * width)), SidePartUse.Multiplied)
            : layer;
    }
}
