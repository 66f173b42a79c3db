using System.Text.Json.Nodes;
using Inferometer.Inference.Execution;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Execution;

/// <summary>Two trained models, in every format they come in, against float64 logits and greedy continuations computed elsewhere.</summary>
public sealed class SharedModelTests
{
    // The F16 tolerance is what a float32 forward pass on the same F16 weights gets from accumulating in another order.
    [Theory]
    [InlineData("stories260k", "", 1e-3)]
    [InlineData("stories260k", "stories260k-f32.gguf", 1e-3)]
    [InlineData("stories260k", "stories260k-f16.gguf", 0.02)]
    [InlineData("tales-5m", "", 1e-3)]
    [InlineData("tales-5m", "tales-5m-f16.gguf", 3e-3)]
    [InlineData("tales-5m", "tales-5m-q8_0.gguf", 0.2)]
    public void Logits_after_the_prompt_match_the_reference(string model, string file, double tolerance)
    {
        string path = SharedFolder.Require($"models/{model}/{file}");
        using TransformerModel loaded = TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        foreach (JsonNode? test in Cases(model))
        {
            using SequenceRunner runner = new(loaded, 128);
            float[] logits = runner.Run(Ints(test!["prompt_ids"]))[^1];
            double[] expected = [.. test["first_logits"]!.AsArray().Select(value => (double)value!)];
            Assert.Equal(expected.Length, logits.Length);
            Assert.InRange(expected.Zip(logits, (a, b) => Math.Abs(a - b)).Max(), 0, tolerance);
        }
    }

    [Theory]
    [InlineData("stories260k", "")]
    [InlineData("stories260k", "stories260k-f32.gguf")]
    [InlineData("stories260k", "stories260k-f16.gguf")]
    [InlineData("tales-5m", "")]
    [InlineData("tales-5m", "tales-5m-f16.gguf")]
    public void Greedy_continuations_equal_the_reference(string model, string file)
    {
        string path = SharedFolder.Require($"models/{model}/{file}");
        using TransformerModel loaded = TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        foreach (JsonNode? test in Cases(model))
        {
            using SequenceRunner runner = new(loaded, 128);
            int[] expected = Ints(test!["greedy_ids"]);
            Assert.Equal(expected, runner.Greedy(Ints(test["prompt_ids"]), expected.Length));
        }
    }

    private static JsonArray Cases(string model) =>
        JsonNode.Parse(File.ReadAllText(SharedFolder.Require($"models/{model}/reference.json")))!["cases"]!.AsArray();

    private static int[] Ints(JsonNode? node) => [.. node!.AsArray().Select(value => (int)value!)];
}
