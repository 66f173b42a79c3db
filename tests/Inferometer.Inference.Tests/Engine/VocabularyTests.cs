using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ReferenceModels;
using Inferometer.Scheduling;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Models with more rows of logits than tokens, and two models of one vocabulary.</summary>
public sealed class VocabularyTests
{
    private const string Padded = "cases/padded_rows/model", Plain = "cases/stop_special/model";

    // Rows of the padded model from here on belong to no token; its best continuation of "O" is one of them.
    private const int Tokens = 259, Padding = 262;

    [Fact]
    public async Task A_row_without_a_token_stands_for_no_text_and_harms_nobody()
    {
        await using InferenceEngine engine = EngineRunner.Start(Padded);
        Assert.Equal((267, 267), (engine.Architecture.VocabularySize, engine.Tokenizer.VocabularySize));
        SamplingOptions[] ways =
        [
            SamplingOptions.Greedy,
            SamplingOptions.Greedy with { TopLogProbabilities = 20 },
            SamplingOptions.Greedy with { RepetitionPenalty = 1.01f },
            new() { TopK = 3, TopP = 0.9f, Seed = 8 },
        ];
        GenerationResult[] results =
            await Task.WhenAll(ways.Select(way => engine.RunAsync(EngineRunner.Greedy("a", 12) with { Sampling = way })));
        Assert.All(results, result => Assert.Equal(("OK", FinishReason.Stop), (result.Text, result.FinishReason)));
        Assert.All(results, result => Assert.Equal(['O', Padding, 'K'], result.TokenIds));
        GenerationResult given = await engine.RunAsync(
            new GenerationRequest { PromptTokens = (int[])['a', Padding], MaxNewTokens = 4, Sampling = SamplingOptions.Greedy });
        Assert.Equal("K", given.Text);
        IReadOnlyList<BeamHypothesis> beams = await engine.BeamSearchAsync(
            new BeamSearchRequest { Prompt = "a", MaxNewTokens = 4, BeamWidth = 3 }, TestContext.Current.CancellationToken);
        Assert.Equal("OK", beams[0].Text);
    }

    [Fact]
    public async Task A_bias_beyond_the_rows_is_refused()
    {
        await using InferenceEngine engine = EngineRunner.Start(Plain);
        SamplingOptions biased = SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [Tokens] = 1 } };
        string message = (await Assert.ThrowsAsync<InferometerException>(
            () => engine.RunAsync(EngineRunner.Greedy("a", 2) with { Sampling = biased }))).Message;
        Assert.Contains("token ids 0 to 258", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Padded, Plain, "O")] // rows that only one of the two has are not chosen, and the next best ends the text
    [InlineData(Plain, Padded, "OK")]
    public async Task Models_with_the_same_tokens_and_other_rows_draft_for_each_other(string model, string draft, string expected)
    {
        await using InferenceEngine engine = EngineRunner.Start(model, WithDraft(SharedFolder.Require(draft)));
        GenerationResult result = await engine.RunAsync(EngineRunner.Greedy("a", 12));
        Assert.Equal((expected, FinishReason.Stop), (result.Text, result.FinishReason));
    }

    [Fact]
    public void A_draft_model_with_another_token_is_refused_by_that_token()
    {
        string source = SharedFolder.Require(Plain);
        using TemporaryFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(source))
        {
            string text = Path.GetFileName(file);
            if (text is "tokenizer.json")
            {
                string tokens = File.ReadAllText(file).Replace("<|im_start|>", "<|im_begin|>", StringComparison.Ordinal);
                File.WriteAllText(folder.File(text), tokens);
            }
            else
            {
                File.Copy(file, folder.File(text));
            }
        }

        string message = Assert.Throws<InferometerException>(() => EngineRunner.Start(Plain, WithDraft(folder.Path))).Message;
        Assert.Contains("token 257 of the draft model is '<|im_begin|>', of the model '<|im_start|>'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_string_that_is_a_control_token_stops_on_its_id()
    {
        await using InferenceEngine engine = EngineRunner.Start(Plain);
        GenerationRequest endless = EngineRunner.Greedy("a", 20) with
        {
            Sampling = SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [257] = 100 } },
        };
        Assert.Equal(20, (await engine.RunAsync(endless)).TokenIds.Count); // 257, which is not printed, again and again
        GenerationResult stopped =
            await engine.RunAsync(endless with { Sampling = endless.Sampling! with { StopStrings = ["<|im_start|>"] } });
        Assert.Equal((0, FinishReason.Stop), (stopped.TokenIds.Count, stopped.FinishReason));
    }

    private static InferenceOptions WithDraft(string path) =>
        EngineRunner.Defaults with { Speculation = new SpeculationOptions { DraftModelPath = path, DraftTokens = 3 } };
}
