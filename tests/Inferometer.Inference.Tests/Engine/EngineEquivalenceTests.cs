using System.Text.Json;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Optimisations change speed and memory, never tokens.</summary>
public sealed class EngineEquivalenceTests
{
    private static readonly Lazy<Task<IReadOnlyList<int>[]>> Expected =
        new(() => RunAllAsync(EngineRunner.Defaults with { KvElement = KvElement.F32 }));

    private static readonly string[] Prompts =
    [
        "Alice was beginning to get very tired",
        "The old house stood at the end of the lane, and nobody had lived in it for many years. The windows were broken, and the garden "
            + "was full of weeds.",
        "\"I am afraid,\" said the captain,",
        "Alice was beginning to get very tired of sitting by her sister on the bank",
        "It was",
    ];

    [Theory]
    [InlineData("models/tales-5m")]
    [InlineData("models/stories260k")]
    public async Task Greedy_tokens_are_those_of_the_double_precision_reference(string folder)
    {
        using JsonDocument reference = JsonDocument.Parse(
            await File.ReadAllBytesAsync(SharedFolder.Require(folder + "/reference.json"), TestContext.Current.CancellationToken));
        await using InferenceEngine engine = EngineRunner.Start(folder);
        foreach (JsonElement item in reference.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] expected = [.. item.GetProperty("greedy_ids").EnumerateArray().Select(e => e.GetInt32())];
            int[] prompt = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(e => e.GetInt32())];
            GenerationResult result = await engine.RunAsync(new GenerationRequest
            {
                PromptTokens = prompt,
                MaxNewTokens = expected.Length,
                Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = false },
            });
            Assert.Equal(expected.Take(result.TokenIds.Count), result.TokenIds);
            Assert.True(result.TokenIds.Count == expected.Length || result.FinishReason == FinishReason.Stop);
        }
    }

    [Theory]
    [InlineData("one at a time")]
    [InlineData("static batches")]
    [InlineData("no prefix cache")]
    [InlineData("small chunks")]
    [InlineData("whole prompts")]
    [InlineData("no KV cache")]
    [InlineData("two threads")]
    [InlineData("plain attention")]
    [InlineData("ungrouped heads")]
    [InlineData("little memory")]
    public async Task Greedy_tokens_are_the_same_whichever_optimisation_is_switched(string variant)
    {
        InferenceOptions options = EngineRunner.Defaults with { KvElement = KvElement.F32 };
        IReadOnlyList<int>[] expected = await Expected.Value;
        IReadOnlyList<int>[] actual = await RunAllAsync(variant switch
        {
            "one at a time" => options with { Batching = BatchingMode.Off },
            "static batches" => options with { Batching = BatchingMode.Static, MaxBatchSize = 3 },
            "no prefix cache" => options with { PrefixCache = false },
            "small chunks" => options with { MaxTokensPerStep = 5 },
            "whole prompts" => options with { ChunkedPrefill = false, MaxTokensPerStep = 16 },
            "no KV cache" => options with { KvCache = false },
            "two threads" => options with { Threads = 2 },
            "plain attention" => options with { FlashAttention = false },
            "ungrouped heads" => options with { GroupedHeads = false },
            _ => options with { KvMemoryBytes = 14 * PagedKvCache.BytesPerBlock(Architecture(), options.KvElement) },
        });
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.8f)]
    public async Task Prompt_lookup_changes_no_token_greedy_or_sampled(float temperature)
    {
        IReadOnlyList<int>[] expected = await RunAllAsync(EngineRunner.Defaults, temperature);
        await using InferenceEngine engine =
            EngineRunner.Start(EngineRunner.Tales, EngineRunner.Defaults with { Speculation = new SpeculationOptions() });
        Assert.Equal(expected, await RunAllAsync(engine, temperature));
        Assert.True(engine.Statistics.DraftedTokens > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.8f)]
    public async Task A_draft_model_changes_no_token_and_the_model_itself_as_draft_is_nearly_always_right(float temperature)
    {
        IReadOnlyList<int>[] expected = await RunAllAsync(EngineRunner.Defaults, temperature);
        InferenceOptions options = EngineRunner.Defaults with
        {
            Speculation = new SpeculationOptions
            {
                DraftModelPath = SharedFolder.Require("models/tales-5m/tales-5m-q8_0.gguf"),
                DraftTokens = 3,
            },
        };
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales, options);
        Assert.Equal(expected, await RunAllAsync(engine, temperature));
        PerformanceStatistics statistics = engine.Statistics;
        if (temperature == 0)
        {
            // The draft is the same model in Q8_0; it would fall to near zero if its cache were out of step.
            Assert.True(statistics.DraftAcceptanceRate > 0.85, $"{statistics.DraftAcceptanceRate:P1} accepted");
        }
    }

    private static Core.Models.ModelArchitecture Architecture() =>
        Core.Gguf.GgufArchitectureReader.Read(SharedFolder.Require(EngineRunner.Tales));

    private static async Task<IReadOnlyList<int>[]> RunAllAsync(InferenceOptions options, float temperature = 0)
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales, options);
        return await RunAllAsync(engine, temperature);
    }

    private static async Task<IReadOnlyList<int>[]> RunAllAsync(InferenceEngine engine, float temperature)
    {
        SamplingOptions sampling = new() { Temperature = temperature, Seed = 5, TopP = 0.95f };
        GenerationResult[] results = await Task.WhenAll(Prompts.Select(p =>
            engine.RunAsync(new GenerationRequest { Prompt = p, MaxNewTokens = 24, Sampling = sampling })));
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        return [.. results.Select(r => r.TokenIds)];
    }
}
