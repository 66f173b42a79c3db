namespace Inferometer.Core.Models.HuggingFace;

/// <summary>
/// Stacks that a search has thinned out (DeciLM, Llama-Nemotron): <c>block_configs</c> gives each layer its groups of heads and its
/// feed-forward width, replaces a part by one linear map, or leaves it out.
/// </summary>
internal static class SearchedStack
{
    private const int WidthStep = 256;

    public static IEnumerable<LayerArchitecture> Of(LayerFactory f)
    {
        JsonFields[] blocks = f.Fields.Objects("block_configs")
            ?? throw f.Fields.Wrong("block_configs", $"an array with one object for each of the {f.LayerCount} layers");
        if (blocks.Length != f.LayerCount)
        {
            throw new InferometerException(
                $"{f.Fields.Source}: 'block_configs' has {blocks.Length} entries; it should have one for each of the "
                    + $"{f.LayerCount} layers of 'num_hidden_layers'.");
        }

        for (int i = 0; i < blocks.Length; i++)
        {
            JsonFields attention = blocks[i].Object("attention") ?? throw blocks[i].Wrong("attention", "an object");
            JsonFields network = blocks[i].Object("ffn") ?? throw blocks[i].Wrong("ffn", "an object");
            LayerArchitecture layer = new() { Mixer = Attention(f, i, attention), FeedForward = Network(f, network) };
            yield return layer
                .With("linear map in place of attention", LinearMap(f, attention), SidePartUse.Multiplied)
                .With("linear map in place of the feed-forward network", LinearMap(f, network), SidePartUse.Multiplied);
        }
    }

    private static AttentionMixer? Attention(LayerFactory f, int index, JsonFields block)
    {
        if (Missing(block))
        {
            return null;
        }

        AttentionMixer mixer = f.Softmax(index);
        int group = block.Int(Limits.Heads, "n_heads_in_group");
        return mixer.Heads % group == 0
            ? mixer with { KvHeads = mixer.Heads / group }
            : throw block.Wrong("n_heads_in_group", $"a divisor of the {mixer.Heads} heads");
    }

    // Two thirds of the multiple, rounded up, as the class does.
    private static DenseFeedForward? Network(LayerFactory f, JsonFields block)
    {
        if (Missing(block))
        {
            return null;
        }

        int width = (int)(2 * block.PositiveOr(1, "ffn_mult") * f.Hidden / 3);
        return new() { IntermediateSize = (width + WidthStep - 1) / WidthStep * WidthStep, Bias = f.Fields.BoolOr(false, "mlp_bias") };
    }

    private static bool Missing(JsonFields block) => block.BoolOr(false, "no_op") || block.BoolOr(false, "replace_with_linear");

    private static long LinearMap(LayerFactory f, JsonFields block) =>
        block.BoolOr(false, "replace_with_linear") && !block.BoolOr(false, "no_op") ? (long)f.Hidden * f.Hidden : 0;
}
