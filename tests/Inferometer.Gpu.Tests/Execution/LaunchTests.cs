using System.Text.Json.Nodes;
using Inferometer.ReferenceModels;
using Inferometer.Runners;
using Inferometer.Tests;

namespace Inferometer.Gpu.Tests.Execution;

/// <summary>
/// How many kernels a layer launches: what one more layer adds to a step. docs/gpu.md states the numbers.
/// </summary>
public sealed class LaunchTests
{
    [Theory]
    [InlineData("llama", 1, 5)]
    [InlineData("llama", 8, 5)]
    [InlineData("gemma2", 1, 5)]
    [InlineData("qwen3", 1, 5)]
    [InlineData("mixtral", 1, 8)]
    [InlineData("llama", 9, 8)]
    public void A_layer_launches_so_many_kernels(string family, int tokens, int expected) =>
        Assert.Equal(2 * expected, Launches(family, layers: 4, tokens) - Launches(family, layers: 2, tokens));

    // Of a model with quantised weights; embedding, first and last norm, head and best token are launched once.
    [Fact]
    public void Rounding_launches_nothing()
    {
        using GpuRunner gpu = Runners.OnGpu(SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf"), 2);
        Step(gpu, 1);
        Assert.Equal((5 * gpu.Architecture.LayerCount) + 5, gpu.Launches);
    }

    // Two layers more: gemma2's take turns with windows.
    private static long Launches(string family, int layers, int tokens)
    {
        using TemporaryFolder folder = new();
        string path = TinyModel.Create(family, new JsonObject { ["num_hidden_layers"] = layers }).WriteFolder(folder);
        using GpuRunner gpu = Runners.OnGpu(path, 2);
        Step(gpu, tokens);
        return gpu.Launches;
    }

    private static void Step(GpuRunner gpu, int tokens)
    {
        ForwardBatch batch = new();
        batch.Add(Enumerable.Range(1, tokens).ToArray(), 0, new[] { 1, 0 }, 1);
        gpu.Forward(batch);
    }
}
