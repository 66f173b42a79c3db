using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Weights that are repacked while they are in use give what those give that were repacked when the model was loaded.</summary>
public sealed class RepackingTests
{
    private const string Model = "models/tales-5m/tales-5m-q8_0.gguf";

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)] // more than there are steps: most weights stay as they are stored
    public async Task Logits_do_not_depend_on_when_weights_are_repacked(int steps)
    {
        IReadOnlyList<GenerationResult> expected = await RunAsync(0), actual = await RunAsync(steps);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].TokenIds, actual[i].TokenIds);
            Assert.NotEmpty(expected[i].LogProbabilities);
            Assert.Equal(
                expected[i].LogProbabilities.Select(p => p.Chosen), actual[i].LogProbabilities.Select(p => p.Chosen));
        }
    }

    [Fact]
    public async Task Models_that_share_weights_may_repack_them_side_by_side()
    {
        GenerationResult expected = (await RunAsync(0))[0];
        InferenceOptions options = EngineRunner.Defaults with { Threads = 3, RepackingSteps = 2 };
        IReadOnlyList<InferenceEngine> engines = InferenceEngine.LoadReplicas(
            Checkpoint.Open(SharedFolder.Require(Model)), 3, options, cancellationToken: TestContext.Current.CancellationToken);
        GenerationResult[] actual = await Task.WhenAll(engines.Select(engine => engine.RunAsync(Request("The old house"))));
        Assert.All(actual, result => Assert.Equal(expected.TokenIds, result.TokenIds));
        Assert.All(engines, engine => engine.Dispose());
    }

    [Fact]
    public void A_negative_number_of_steps_is_refused()
    {
        LoadOptions options = new() { RepackingSteps = -1 };
        InferometerException error = Assert.Throws<InferometerException>(
            () => TransformerModel.Load(SharedFolder.Require(Model), options, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("RepackingSteps is -1", error.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<GenerationResult>> RunAsync(int steps)
    {
        await using InferenceEngine engine = EngineRunner.Start(Model, EngineRunner.Defaults with { Threads = 2, RepackingSteps = steps });
        return [await engine.RunAsync(Request("The old house")), await engine.RunAsync(Request("It was a bright cold day in"))];
    }

    private static GenerationRequest Request(string prompt) =>
        EngineRunner.Greedy(prompt, 12) with { Sampling = SamplingOptions.Greedy with { TopLogProbabilities = 1 } };
}
