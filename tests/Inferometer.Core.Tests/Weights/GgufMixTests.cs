using Inferometer.Core.Catalog;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Tests.Weights;

/// <summary>Sizes of files of Llama-3.1-8B as llama.cpp's own page on its quantiser gives them (tools/quantize/README.md).</summary>
public sealed class GgufMixTests
{
    private const double Gib = 1L << 30;
    private static readonly ModelArchitecture Llama = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b");

    [Theory]
    [InlineData("IQ1_S", 1.87)]
    [InlineData("IQ1_M", 2.01)]
    [InlineData("IQ2_XXS", 2.23)]
    [InlineData("IQ2_XS", 2.42)]
    [InlineData("IQ2_S", 2.56)]
    [InlineData("IQ2_M", 2.74)]
    [InlineData("IQ3_XXS", 3.04)]
    [InlineData("IQ3_XS", 3.27)]
    [InlineData("IQ3_S", 3.42)]
    [InlineData("IQ3_M", 3.52)]
    [InlineData("Q2_K_S", 2.78)]
    [InlineData("Q2_K", 2.95)]
    [InlineData("Q3_K_S", 3.41)]
    [InlineData("Q3_K_M", 3.74)]
    [InlineData("Q3_K_L", 4.02)]
    [InlineData("Q4_K_S", 4.36)]
    [InlineData("Q4_K_M", 4.58)]
    [InlineData("Q5_K_S", 5.21)]
    [InlineData("Q5_K_M", 5.33)]
    [InlineData("Q6_K", 6.14)]
    [InlineData("Q8_0", 7.95)]
    public void Mixes_have_the_sizes_that_the_quantiser_states(string mix, double gib) =>
        Assert.Equal(gib, ResolvedWeights.Of(Llama, WeightFormats.Find(mix, "test")).TotalBytes / Gib, 0.01);

    // The page's own files were made without an importance matrix, which gives the first four of 32 down projections 5.5 bits.
    [Theory]
    [InlineData("IQ4_XS", 4.17, 4.25)]
    [InlineData("IQ4_NL", 4.38, 4.5)]
    public void With_an_importance_matrix_the_first_layers_are_as_the_others(string mix, double gib, double bits)
    {
        double more = 4 * 4096.0 * 14336 * (5.5 - bits) / 8 / Gib;
        Assert.Equal(gib, (ResolvedWeights.Of(Llama, WeightFormats.Find(mix, "test")).TotalBytes / Gib) + more, 0.01);
    }

    [Fact]
    public void A_row_of_no_whole_blocks_takes_smaller_blocks()
    {
        // 2880 is eleven blocks of 256 and a quarter.
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("gpt-oss-20b");
        ResolvedWeights weights = ResolvedWeights.Of(model, WeightFormats.Find("q4_k_s", "test"));
        Assert.Equal("q5_0", weights.Of(model.Layers[^1], WeightKind.Query).Format.Name);
        Assert.Equal("q8_0", weights.Of(null, WeightKind.Head).Format.Name);
        Assert.Equal(4, weights.Of(model.Layers[^1], WeightKind.Router).BytesPerElement);
    }

    [Fact]
    public void A_tied_table_is_stored_as_the_head_is()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("llama-3.2-1b");
        ResolvedWeights weights = ResolvedWeights.Of(model, WeightFormats.Find("q4_k_m", "test"));
        Assert.Equal("q6_k", weights.Of(null, WeightKind.TokenTable).Format.Name);
        Assert.Equal(weights.Of(null, WeightKind.TokenTable), weights.Of(null, WeightKind.Head));
    }

    // bartowski/openai_gpt-oss-20b-GGUF on Hugging Face, made with llama.cpp b6096: "all quants keep the feed forward networks at mxfp4".
    [Theory]
    [InlineData("mxfp4_moe", 12.1)]
    [InlineData("q6_k", 12.04)]
    public void Files_of_gpt_oss_keep_their_experts(string mix, double gigabytes)
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("gpt-oss-20b");
        Assert.Equal(gigabytes, ResolvedWeights.Of(model, WeightFormats.Find(mix, "test")).TotalBytes / 1e9, 0.06);
    }

    [Fact]
    public void The_mixture_of_mxfp4_keeps_everything_but_experts_in_eight_bits()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("gpt-oss-20b");
        ResolvedWeights weights = ResolvedWeights.Of(model, WeightFormats.Find("mxfp4_moe", "test"));
        Assert.Equal("mxfp4", weights.Of(model.Layers[0], WeightKind.ExpertDown).Format.Name);
        Assert.Equal("q8_0", weights.Of(model.Layers[0], WeightKind.Query).Format.Name);
    }

    [Fact]
    public void A_handmade_mix_says_what_it_is_priced_as()
    {
        WeightScheme scheme = WeightFormats.Find("UD-Q4_K_XL", "test");
        Assert.Equal("q4_k_m", scheme.Name);
        Assert.Contains("no public rule", scheme.Note, StringComparison.Ordinal);
        Assert.Null(WeightFormats.Find("q4_k_m", "test").Note);
    }

    [Theory]
    [InlineData("q4_k_n", "'q4_k_m'")]
    [InlineData("int_44", "'int4'")]
    [InlineData("4", "'q4_0'")]
    public void An_unknown_format_is_refused_with_what_is_near(string text, string near)
    {
        InferometerException fault = Assert.Throws<InferometerException>(() => WeightFormats.Find(text, "--bits"));
        Assert.StartsWith($"--bits: '{text}' is not a known format of weights. Did you mean ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(near, fault.Message, StringComparison.Ordinal);
    }
}
