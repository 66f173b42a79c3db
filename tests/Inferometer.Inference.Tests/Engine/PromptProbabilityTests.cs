using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>What the model thinks of the tokens of a prompt is what it thinks of them as answers to what stands before them.</summary>
public sealed class PromptProbabilityTests
{
    private const string Text = "The old house stood at the end of the lane, and nobody had lived in it for many years. The windows were "
        + "broken, and the garden was full of weeds. At night the children of the village said that a light went from room to room.";

    private static InferenceOptions Exact { get; } = EngineRunner.Defaults with { KvElement = KvElement.F32 };

    [Theory]
    [InlineData("as it comes")]
    [InlineData("small chunks")]
    [InlineData("whole prompts")]
    [InlineData("no KV cache")]
    [InlineData("little memory")]
    [InlineData("drafts")]
    public async Task Each_token_is_as_probable_as_it_is_behind_those_before_it(string variant)
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales, variant switch
        {
            "small chunks" => Exact with { MaxTokensPerStep = 5 },
            "whole prompts" => Exact with { ChunkedPrefill = false, MaxTokensPerStep = 16 },
            "no KV cache" => Exact with { KvCache = false },
            "drafts" => Exact with { Speculation = new SpeculationOptions() },
            "little memory" => Exact with { KvMemoryBytes = 7 * PagedKvCache.BytesPerBlock(Architecture(), KvElement.F32) },
            _ => Exact,
        });
        int[] prompt = engine.Tokenizer.EncodePrompt(Text);
        Assert.True(prompt.Length > 40, "a prompt of more rows than one step gives");

        // The second time the prompt lies in the cache of prefixes, and others run beside it.
        GenerationRequest asked = Asked(prompt, 6) with { TopPromptLogProbabilities = 2 };
        await engine.RunAsync(asked with { TopPromptLogProbabilities = null });
        Task<GenerationResult> other = engine.RunAsync(EngineRunner.Greedy("Alice was beginning to get very tired", 12));
        GenerationResult[] results = await Task.WhenAll(engine.RunAsync(asked), engine.RunAsync(asked));
        await other;
        foreach (GenerationResult result in results)
        {
            Assert.Equal(prompt, result.PromptLogProbabilities.Select(t => t.Chosen.TokenId));
            Assert.True(float.IsNaN(result.PromptLogProbabilities[0].Chosen.LogProbability));
            Assert.Empty(result.PromptLogProbabilities[0].Top);
            Assert.Equal(6, result.TokenIds.Count);
            for (int i = 1; i < prompt.Length; i++)
            {
                // The token as an answer to what stands before it: a bias has it chosen, and is not in what is told of it.
                TokenLogProbabilities behind = (await engine.RunAsync(Asked(prompt[..i], 1) with
                {
                    Sampling = SamplingOptions.Greedy with
                    {
                        TopLogProbabilities = 100,
                        LogitBias = new Dictionary<int, float> { [prompt[i]] = 1000 },
                    },
                })).LogProbabilities[0];
                TokenLogProbabilities told = result.PromptLogProbabilities[i];
                int rank = behind.Top.ToList().FindIndex(t => t.TokenId == prompt[i]);
                Assert.Equal(prompt[i], behind.Chosen.TokenId);
                Assert.Equal(behind.Chosen.LogProbability, told.Chosen.LogProbability, 1e-3f);
                Assert.True(rank < 0 ? told.Rank > 100 : told.Rank == rank + 1);
                Assert.Equal(behind.Top.Take(2).Select(t => t.TokenId), told.Top.Select(t => t.TokenId));
            }
        }

        Assert.Equal(results[0].TokenIds, (await engine.RunAsync(Asked(prompt, 6))).TokenIds);
    }

    [Fact]
    public async Task A_prompt_may_be_all_that_is_asked_about()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales, Exact);
        int[] prompt = engine.Tokenizer.EncodePrompt(Text);
        GenerationResult result = await engine.RunAsync(Asked(prompt, 0) with { TopPromptLogProbabilities = 0 });
        Assert.Equal(FinishReason.Length, result.FinishReason);
        Assert.Empty(result.TokenIds);
        Assert.Equal(prompt.Length, result.PromptLogProbabilities.Count);
        Assert.All(result.PromptLogProbabilities, t => Assert.Empty(t.Top));
        Assert.All(result.PromptLogProbabilities.Skip(1), t => Assert.InRange(t.Chosen.LogProbability, -30, 0));

        // One token stands behind none.
        GenerationResult one = await engine.RunAsync(Asked(prompt[..1], 0) with { TopPromptLogProbabilities = 3 });
        Assert.True(float.IsNaN(Assert.Single(one.PromptLogProbabilities).Chosen.LogProbability));
        Assert.Empty((await engine.RunAsync(Asked(prompt, 2))).PromptLogProbabilities);
        await Assert.ThrowsAsync<InferometerException>(() => engine.RunAsync(Asked(prompt, 0)));
        await Assert.ThrowsAsync<InferometerException>(() => engine.RunAsync(Asked(prompt, 1) with { TopPromptLogProbabilities = -1 }));
    }

    private static GenerationRequest Asked(int[] prompt, int tokens) => new()
    {
        PromptTokens = prompt,
        MaxNewTokens = tokens,
        Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true },
    };

    private static Core.Models.ModelArchitecture Architecture()
    {
        using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        return engine.Architecture;
    }
}
