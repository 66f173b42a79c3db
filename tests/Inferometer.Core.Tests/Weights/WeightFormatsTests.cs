using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Core.Tests.Weights;

public sealed class WeightFormatsTests
{
    private static readonly ModelArchitecture Llama = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b");

    [Fact]
    public void Every_name_and_alias_leads_to_one_format()
    {
        string[] names = [.. WeightFormats.All.SelectMany(f => f.Aliases.Prepend(f.Name))];
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        foreach (WeightFormat format in WeightFormats.All)
        {
            WeightScheme scheme = WeightFormats.Find(format.Name.ToUpperInvariant().Replace('_', '-'), "test");
            Assert.Equal(format.Name, scheme.Name);
            Assert.Equal("test", scheme.Origin);
            Assert.NotEmpty(format.Meaning);
            Assert.NotEmpty(format.Source);
            Assert.InRange(ResolvedWeights.Of(Llama, scheme).TotalBytes, 1e9, 33e9);
        }
    }

    [Fact]
    public void The_block_formats_have_the_geometry_of_the_files()
    {
        // Q8_1 and Q8_K are never stored, and nvfp4 is the name of the engines' format, whose blocks have 16 values.
        GgmlType[] aside = [GgmlType.Q8_1, GgmlType.Q8_K, GgmlType.NVFP4];
        foreach (GgmlType type in Enum.GetValues<GgmlType>().Where(t => t.IsQuantized()).Except(aside))
        {
            Precision format = Precision.Parse(type.ToString(), "test");
            Assert.Equal(type.BitsPerValue(), format.BitsPerElement);
            Assert.Equal(type.BlockSize(), format.BlockElements);
        }
    }

    // Tables and LM head of Llama-3.1-8B have 1.05 billion elements, everything else 6.98 billion.
    [Theory]
    [InlineData("fp8", 9.08e9)]
    [InlineData("int4", 5.70e9)]
    [InlineData("awq", 5.73e9)]
    [InlineData("nf4", 5.70e9)]
    [InlineData("mlx_4bit", 4.52e9)]
    public void Engines_keep_tables_and_head_and_count_scales(string name, double bytes) =>
        Assert.Equal(bytes, ResolvedWeights.Of(Llama, WeightFormats.Find(name, "test")).TotalBytes, 0.01e9);

    [Fact]
    public void Experts_in_mxfp4_are_padded_as_they_are_loaded()
    {
        ModelArchitecture model = ModelCatalog.BuiltIn.Resolve("gpt-oss-120b");
        ResolvedWeights weights = ResolvedWeights.Of(model, model.PublishedWeights!);
        double experts = 36.0 * 128 * 3 * 3072 * 2944 * 4.25 / 8;
        Assert.Equal(experts, weights.Parts.Single(p => p.Part == WeightPart.Experts).Bytes, 1);
        // vLLM 0.10 says 65.97 GiB.
        Assert.Equal(65.97, weights.TotalBytes / (1L << 30), 0.1);
    }

    [Fact]
    public void Parts_can_have_formats_of_their_own()
    {
        WeightScheme scheme = new OverriddenScheme
        {
            Name = "mixed",
            Origin = "test",
            Main = Precision.Bf16,
            Compute = Precision.Bf16,
            Base = WeightFormats.Find("bf16", "test"),
            Parts = [new PartScheme(WeightPart.FeedForward, WeightFormats.Of(Precision.Parse("fp8", "test"), "test"))],
        };
        ResolvedWeights weights = ResolvedWeights.Of(Llama, scheme);
        Assert.Equal(1, weights.Of(Llama.Layers[0], WeightKind.Up).BytesPerElement);
        Assert.Equal(2, weights.Of(Llama.Layers[0], WeightKind.Query).BytesPerElement);
    }

    [Fact]
    public void An_unknown_name_says_where_it_came_from_and_what_is_allowed()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => WeightFormats.Find("q4_k_q", "--weights"));
        Assert.Contains("--weights: 'q4_k_q'", error.Message, StringComparison.Ordinal);
        Assert.Contains("q4_k_m", error.Message, StringComparison.Ordinal);
    }
}
