using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Core.Models.HuggingFace;

namespace Inferometer.Core.Tests.Models;

public sealed class SearchedStackTests
{
    [Fact]
    public void Layers_without_attention_have_no_cache_and_one_norm()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("nemotron-super-49b");
        Assert.Equal(80, model.LayerCount);
        Assert.Equal(49, model.Layers.Count(layer => layer.Mixer is AttentionMixer { KvHeads: 8 }));
        Assert.Equal((80 + 49 + 1) * 8192L, ParameterCount.Of(model).Norms);
    }

    [Fact]
    public void A_part_replaced_by_a_linear_map_is_one_matrix()
    {
        ParameterCount with = ParameterCount.Of(Parse("\"replace_with_linear\":true", "\"ffn_mult\":1.5"));
        ParameterCount without = ParameterCount.Of(Parse("\"no_op\":true", "\"ffn_mult\":1.5"));

        // The width: 2 x 1.5 x 64 / 3 = 64, rounded up to a multiple of 256.
        Assert.Equal(64 * 64, with.Total - without.Total);
        Assert.Equal(3 * 64 * 256, without.FeedForward);
    }

    [Theory]
    [InlineData("\"n_heads_in_group\":3", "\"ffn_mult\":1", "'block_configs[0].attention.n_heads_in_group' is 3")]
    [InlineData("\"n_heads_in_group\":null", "\"ffn_mult\":1", "'block_configs[0].attention.n_heads_in_group' is missing")]
    [InlineData("\"n_heads_in_group\":2", "\"ffn_mult\":-1", "'block_configs[0].ffn.ffn_mult' is -1")]
    public void A_faulty_block_is_named(string attention, string network, string fault) => Assert.Contains(
        fault, Assert.Throws<InferometerException>(() => Parse(attention, network)).Message, StringComparison.Ordinal);

    [Fact]
    public void There_is_one_block_for_each_layer() => Assert.Contains(
        "'block_configs' has 1 entries", Assert.Throws<InferometerException>(() => Parse("\"no_op\":true", "\"no_op\":true", 2)).Message,
        StringComparison.Ordinal);

    private static ModelArchitecture Parse(string attention, string network, int layers = 1) => HuggingFaceConfigReader.Parse(
        $$$"""
        {"model_type":"nemotron-nas","hidden_size":64,"num_hidden_layers":{{{layers}}},"num_attention_heads":4,"vocab_size":100,
         "block_configs":[{"attention":{ {{{attention}}} },"ffn":{ {{{network}}} }}]}
        """,
        "config.json");
}
