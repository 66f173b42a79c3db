using Inferometer.Measurement.Replay;
using Inferometer.ReferenceModels;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Tests.Replay;

/// <summary>What the names in tables stand for.</summary>
public sealed class PublishedNamesTests
{
    private static readonly PublishedNames Names = new(Catalogs.From(null));

    [Theory]
    [InlineData("h100_sxm", "H100_SXM")]
    [InlineData("NVIDIA H100 80GB HBM3", "H100_SXM")]
    [InlineData("3090 24GB", "RTX_3090")]
    [InlineData("M2 Ultra 76-Core GPU 192GB", "Apple_M2_Ultra")]
    [InlineData("gb300", "GB300")]
    public void Machines_lead_to_the_catalog(string published, string name) => Assert.Equal(name, Names.SystemOf(published).Name);

    [Theory]
    [InlineData("nvidia/DeepSeek-R1-NVFP4", "deepseek-ai/DeepSeek-R1")]
    [InlineData("nvidia/Llama-3.1-8B-Instruct-FP8", "meta-llama/Llama-3.1-8B")]
    [InlineData("Qwen/Qwen3-32B-FP8", "Qwen/Qwen3-32B-FP8")]
    [InlineData("Llama 3 70B", "meta-llama/Meta-Llama-3-70B")]
    [InlineData("Qwen3-Next-80B-A3B FP8", "Qwen/Qwen3-Next-80B-A3B-Instruct")]
    public void Models_lead_to_the_catalog_whoever_quantised_them(string published, string name) =>
        Assert.Equal(name, Names.ModelOf(published).Name);

    [Theory]
    [InlineData("Q4_K_M", "q4_k")]
    [InlineData("W4A16", "int4")]
    [InlineData("fp8_block", "fp8")]
    [InlineData("F16", "fp16")]
    public void Formats_have_one_name(string published, string name) => Assert.Equal(name, Names.FormatOf(published).Name);

    [Fact]
    public void What_stands_for_nothing_says_why()
    {
        Assert.Equal("the catalog has no RX 6900 XT", Names.SystemOf("RX 6900 XT (inline figures)").Problem);
        Assert.Equal("machine 'abacus' is not in the catalog", Names.SystemOf("abacus").Problem);
        Assert.Equal("model 'x/y' is not in the catalog, nor described by a file beside the table", Names.ModelOf("x/y").Problem);
        Assert.Equal("number format 'q9' is not known", Names.FormatOf("q9").Problem);
    }

    [Fact]
    public void A_model_that_the_catalog_lacks_may_be_described_beside_the_table()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("someone--Newest-7B.json", "{}"u8.ToArray());

        Assert.Equal(file, new PublishedNames(Catalogs.From(null), folder.Path).ModelOf("someone/Newest-7B").Name);
    }

    [Fact]
    public void A_model_may_be_named_by_its_file()
    {
        using ReferenceModels.TemporaryFolder folder = new();
        string file = folder.Write("mine.gguf", []);
        Assert.Equal(file, Names.ModelOf(file).Name);
        Assert.NotNull(Names.ModelOf(folder.File("other.gguf")).Problem);
    }
}
