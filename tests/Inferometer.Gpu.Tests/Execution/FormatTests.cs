using Inferometer.ReferenceModels;
using Inferometer.Runners;
using Inferometer.Tests;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>Models stored in each format give the logits that the processor gives.</summary>
public sealed class FormatTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 9).Select(i => ((i * 37) + 11) % 80)];

    // Both sides round activations to 8 bits; for Q4_K and Q6_K in blocks of 256 there and of 32 here.
    [Theory]
    [InlineData("bf16", 1e-3)]
    [InlineData("mxfp4", 1e-3)]
    [InlineData("q4_k", 1e-2)]
    [InlineData("q6_k", 1e-2)]
    public void Logits_are_those_of_the_processor(string file, double tolerance)
    {
        string path = SharedFolder.Require($"cases/quant_types/{file}.gguf");
        using IModelRunner cpu = Runners.OnProcessor(path, 2);
        using IModelRunner gpu = Runners.OnGpu(path, 2);
        double difference = Runners.Difference(cpu.Logits(Tokens, 9), gpu.Logits(Tokens, 7, 1, 1));
        Assert.True(difference < tolerance, $"{difference:E2}");
    }

    [Fact]
    public void A_story_teller_in_8_bits_is_that_of_the_processor()
    {
        string path = SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf");
        using IModelRunner cpu = Runners.OnProcessor(path, 2);
        using IModelRunner gpu = Runners.OnGpu(path, 2);
        double difference = Runners.Difference(cpu.Logits(Tokens, 9), gpu.Logits(Tokens, 5, 1, 3));
        Assert.True(difference < 1e-2, $"{difference:E2}");
    }

    [Fact]
    public void Over_a_cache_of_bytes_logits_stay_near_and_copied_pages_are_the_same()
    {
        string path = SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf");
        int[] tokens = [.. Enumerable.Range(0, 19).Select(i => ((i * 37) + 11) % 80)];
        using GpuRunner exact = Runners.OnGpu(path, 5), bytes = Runners.OnGpu(path, 5, roundsCache: true);
        float[][] rounded = bytes.Logits(tokens, 16, 1, 1, 1);
        double difference = Runners.Difference(exact.Logits(tokens, 16, 1, 1, 1), rounded);
        Assert.InRange(difference, 1e-6, 2e-2); // something is rounded, and little comes of it

        // Blocks are used in falling order: 4, then 3. The same last token over copies of both.
        bytes.CopyBlock(4, 0);
        bytes.CopyBlock(3, 1);
        ForwardBatch batch = new();
        batch.Add(tokens.AsMemory(18, 1), 18, new[] { 0, 1 }, 1);
        bytes.Forward(batch);
        Assert.Equal(rounded[18], bytes.Logits(0).ToArray());
    }

    [Fact]
    public void Contexts_in_parts_give_the_same()
    {
        using TemporaryFolder folder = new();
        string path = TinyModel.Create("gemma2", new() { ["num_hidden_layers"] = 2, ["sliding_window"] = 150 }).WriteFolder(folder);
        int[] tokens = [.. Enumerable.Range(0, 210).Select(i => ((i * 37) + 11) % 80)];
        using IModelRunner whole = Runners.OnGpu(path, 14);
        using GpuRunner parts = Runners.OnGpu(path, 14);
        parts.SplitsWanted = 3;
        double difference = Runners.Difference(whole.Logits(tokens, 208, 1, 1), parts.Logits(tokens, 208, 1, 1));
        Assert.True(difference < 1e-4, $"{difference:E2}");
    }

    [Fact]
    public void A_format_without_kernels_is_refused_by_name()
    {
        string path = SharedFolder.Require("cases/quant_types/iq4_xs.gguf");
        Assert.Contains(
            "IQ4_XS", Assert.Throws<Core.InferometerException>(() => Runners.OnGpu(path, 2)).Message, StringComparison.Ordinal);
    }
}
