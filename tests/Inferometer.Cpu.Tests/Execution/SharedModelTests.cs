using System.Text.Json.Nodes;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.Cpu.Tests.Execution;

/// <summary>Two trained models, in every format they come in, against float64 logits and greedy continuations computed elsewhere.</summary>
public sealed class SharedModelTests
{
    // Float32 arithmetic is within 2e-5 of the reference where the weights are the same. The F16 file of stories260k rounds F32 weights
    // (largest difference seen: 0.0069), the Q8_0 file quantises weights and activations (0.070).
    [Theory]
    [InlineData("stories260k", "", 1e-3)]
    [InlineData("stories260k", "stories260k-f32.gguf", 1e-3)]
    [InlineData("stories260k", "stories260k-f16.gguf", 0.01)]
    [InlineData("tales-5m", "", 1e-3)]
    [InlineData("tales-5m", "tales-5m-f16.gguf", 1e-3)]
    [InlineData("tales-5m", "tales-5m-q8_0.gguf", 0.2)]
    public void Logits_after_the_prompt_match_the_reference(string model, string file, double tolerance)
    {
        string path = SharedFolder.Require($"models/{model}/{file}");
        using TransformerModel loaded =
            TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
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
        using TransformerModel loaded =
            TransformerModel.Load(path, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        foreach (JsonNode? test in Cases(model))
        {
            using SequenceRunner runner = new(loaded, 128);
            int[] expected = Ints(test!["greedy_ids"]);
            Assert.Equal(expected, runner.Greedy(Ints(test["prompt_ids"]), expected.Length));
        }
    }

    // Windows as the reference cut them: <s> and 1023 tokens of the held-out text each, every target counted.
    [Fact]
    public void Perplexity_on_held_out_text_matches_the_reference()
    {
        string folder = SharedFolder.Require("models/tales-5m");
        JsonNode reference = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "reference.json")))!["perplexity"]!;
        int windows = (int)reference["windows"]!, length = (int)reference["window_tokens"]!;
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(folder);
        int[] text = tokenizer.Encode(File.ReadAllText(Path.Combine(folder, "heldout.txt")), addSpecial: false);
        using TransformerModel model =
            TransformerModel.Load(folder, new LoadOptions { Threads = 2 }, null, TestContext.Current.CancellationToken);
        double loss = 0;
        for (int window = 0; window < windows; window++)
        {
            int[] tokens = [tokenizer.BosId!.Value, .. text.AsSpan(window * (length - 1), length - 1)];
            using SequenceRunner runner = new(model, length);
            float[][] logits = runner.Run(tokens);
            for (int t = 0; t + 1 < length; t++)
            {
                double top = logits[t].Max();
                loss += top + Math.Log(logits[t].Sum(value => Math.Exp(value - top))) - logits[t][tokens[t + 1]];
            }
        }

        Assert.Equal(8184, (int)reference["tokens_scored"]!);
        Assert.Equal((double)reference["perplexity"]!, Math.Exp(loss / (windows * (length - 1))), 2e-3);
    }

    private static JsonArray Cases(string model) =>
        JsonNode.Parse(File.ReadAllText(SharedFolder.Require($"models/{model}/reference.json")))!["cases"]!.AsArray();

    private static int[] Ints(JsonNode? node) => [.. node!.AsArray().Select(value => (int)value!)];
}
