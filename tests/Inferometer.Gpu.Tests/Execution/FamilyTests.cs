using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>Families on the emulated GPU give the logits that the processor gives.</summary>
public sealed class FamilyTests
{
    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("mixtral")]
    [InlineData("qwen2_moe")]
    [InlineData("qwen3_moe")]
    [InlineData("gemma")]
    [InlineData("gemma2")]
    [InlineData("gemma3_text")]
    public void Logits_are_those_of_the_processor(string family)
    {
        using TemporaryFolder folder = new();
        string path = TinyModel.Create(family).WriteFolder(folder);
        int[] tokens = [.. Enumerable.Range(0, 24).Select(i => ((i * 37) + 11) % 80)];
        using IModelRunner cpu = Runners.OnProcessor(path, 4);
        using IModelRunner gpu = Runners.OnGpu(path, 4);
        float[][] expected = cpu.Logits(tokens, 24), actual = gpu.Logits(tokens, 19, 1, 1, 3);
        double difference = Runners.Difference(expected, actual);
        Assert.True(difference < 2e-3, $"{difference:E2}");
    }
}
