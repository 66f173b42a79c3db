using Inferometer.Gpu.Devices;
using Inferometer.Gpu.Execution;
using Inferometer.ModelFiles;
using Inferometer.ReferenceModels;
using Inferometer.Runners;
using Inferometer.Tests;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>
/// The same on a card: <c>Inferometer.Gpu.Tests -explicit only -trait "device=card"</c>. Not run where there is none; a machine without a
/// card fails them.
/// </summary>
[Trait("device", "card")]
public sealed class CardTests
{
    [Theory(Explicit = true)]
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
    public void Families_give_the_logits_of_the_processor(string family)
    {
        using TemporaryFolder folder = new();
        string path = TinyModel.Create(family).WriteFolder(folder);
        AssertLike(path, length: 40, tolerance: 2e-3);
    }

    // 40 tokens at once go through the kernels for many tokens, single ones through those for few.
    [Theory(Explicit = true)]
    [InlineData("cases/quant_types/bf16.gguf")]
    [InlineData("cases/quant_types/q4_k.gguf")]
    [InlineData("cases/quant_types/q6_k.gguf")]
    [InlineData("cases/quant_types/mxfp4.gguf")]
    [InlineData("models/tales-5m/tales-5m-q8_0.gguf")]
    [InlineData("models/tales-5m/tales-5m-f16.gguf")]
    [InlineData("models/stories260k/stories260k-f32.gguf")]
    public void Formats_give_the_logits_of_the_processor(string file) => AssertLike(SharedFolder.Require(file), 40, tolerance: 1e-2);

    [Fact(Explicit = true)]
    public void Adapters_give_the_logits_of_the_processor()
    {
        using TemporaryFolder folder = new();
        TinyModel tiny = TinyModel.Create("llama");
        string path = tiny.WriteFolder(folder);
        string file = TinyAdapter.WritePeft(TinyAdapter.Changes(tiny, TinyAdapter.Modules), folder);
        int[] tokens = [.. Enumerable.Range(0, 24).Select(i => ((i * 37) + 11) % 80)];
        using IModelRunner cpu = Runners.OnProcessor(path, 4);
        using GpuRunner gpu = Open(path);
        using IModelAdapter onProcessor = cpu.LoadAdapter(file), onCard = gpu.LoadAdapter(file);
        double difference = Runners.Difference(cpu.Logits(tokens, onProcessor, 24), gpu.Logits(tokens, onCard, 19, 1, 1, 3));
        Assert.True(difference < 2e-3, $"{difference:E2}");
    }

    [Fact(Explicit = true)]
    public void Candidates_are_the_greatest_of_the_row()
    {
        using GpuRunner gpu = Open(SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"));
        ForwardBatch batch = new();
        batch.Add(new[] { 11, 48, 5, 42 }, 0, new[] { 1 }, 4, candidateTemperature: 0.8f);
        gpu.Forward(batch);
        for (int row = 0; row < 4; row++)
        {
            RowCandidates candidates = gpu.Candidates(row);
            float[] logits = gpu.Logits(row).ToArray();
            int[] expected = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).ThenBy(i => i).Take(256).Order()];
            Assert.Equal(expected, candidates.Tokens.ToArray());
            Assert.Equal(expected.Select(i => logits[i]), candidates.Logits.ToArray());
            double max = logits.Max(), mass = logits.Sum(logit => Math.Exp((logit - max) / 0.8));
            Assert.Equal(mass, candidates.Mass, 0.1 * RowCandidates.MassError * mass);
        }
    }

    private static GpuRunner Open(string path)
    {
        var device = GpuDevice.Open(0);
        return new GpuRunner(
            device, GpuModel.Load(device, Checkpoint.Open(path), 0, true, null, TestContext.Current.CancellationToken), 4);
    }

    private static void AssertLike(string path, int length, double tolerance)
    {
        int[] tokens = [.. Enumerable.Range(0, length + 4).Select(i => ((i * 37) + 11) % 80)];
        using IModelRunner cpu = Runners.OnProcessor(path, 4);
        using GpuRunner gpu = Open(path);
        double difference = Runners.Difference(cpu.Logits(tokens, length + 4), gpu.Logits(tokens, length, 1, 3));
        Assert.True(difference < tolerance, $"{difference:E2}");
    }
}
