using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

namespace Inferometer.Inference.Tests.Engine;

public sealed class BeamSearchTests
{
    private const string Prompt = "Alice was beginning to get very tired";

    [Fact]
    public async Task One_beam_is_greedy_decoding()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        GenerationResult greedy = await engine.RunAsync(EngineRunner.Greedy(Prompt, 20));
        IReadOnlyList<BeamHypothesis> beams = await engine.BeamSearchAsync(
            new BeamSearchRequest { Prompt = Prompt, BeamWidth = 1, MaxNewTokens = 20 }, TestContext.Current.CancellationToken);
        Assert.Equal(greedy.TokenIds, Assert.Single(beams).TokenIds);
    }

    [Fact]
    public async Task Log_probabilities_of_hypotheses_are_those_the_model_gives_their_tokens()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Tales);
        IReadOnlyList<BeamHypothesis> beams = await engine.BeamSearchAsync(
            new BeamSearchRequest { Prompt = Prompt, BeamWidth = 3, MaxNewTokens = 8 }, TestContext.Current.CancellationToken);
        Assert.Equal(3, beams.Count);
        Assert.Equal(beams.Count, beams.Select(b => b.Text).Distinct(StringComparer.Ordinal).Count());
        int[] prompt = engine.Tokenizer.Encode(Prompt);
        foreach (BeamHypothesis beam in beams.Where(b => !b.IsFinished))
        {
            // Scored again token by token, without sharing blocks: each given token is forced by its bias.
            double sum = 0;
            for (int i = 0; i < beam.TokenIds.Count; i++)
            {
                GenerationResult step = await engine.RunAsync(new GenerationRequest
                {
                    PromptTokens = (int[])[.. prompt, .. beam.TokenIds.Take(i)],
                    MaxNewTokens = 1,
                    UsePrefixCache = false,
                    Sampling = SamplingOptions.Greedy with
                    {
                        TopLogProbabilities = 0,
                        LogitBias = new Dictionary<int,
                        float>
                        { [beam.TokenIds[i]] = 1000 },
                    },
                });
                sum += step.LogProbabilities[0].Chosen.LogProbability;
            }

            Assert.Equal(sum, beam.LogProbability, 0.02);
        }

        Assert.True(beams.Zip(beams.Skip(1)).All(pair => pair.First.Score >= pair.Second.Score));
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Fact]
    public async Task A_wider_search_finds_nothing_less_probable_than_greedy_decoding()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Stories);
        BeamSearchRequest request = new() { Prompt = "Once upon a time", BeamWidth = 1, MaxNewTokens = 6, LengthPenalty = 0 };
        double greedy = (await engine.BeamSearchAsync(request, TestContext.Current.CancellationToken))[0].LogProbability;
        double wide =
            (await engine.BeamSearchAsync(request with { BeamWidth = 32 }, TestContext.Current.CancellationToken))[0].LogProbability;
        Assert.True(wide >= greedy - 1e-6);
    }

    [Fact]
    public async Task Searches_share_the_engine_with_each_other_and_with_generations_even_when_memory_is_short()
    {
        InferenceOptions options = EngineRunner.Defaults with { MaxSequenceTokens = 64, KvElement = KvElement.F32 };
        BeamSearchRequest request = new() { Prompt = Prompt, BeamWidth = 4, MaxNewTokens = 12 };
        await using InferenceEngine roomy = EngineRunner.Start(EngineRunner.Tales, options);
        IReadOnlyList<BeamHypothesis> expected = await roomy.BeamSearchAsync(request, TestContext.Current.CancellationToken);
        await using InferenceEngine tight = EngineRunner.Start(EngineRunner.Tales, options with
        {
            KvMemoryBytes = 9 * PagedKvCache.BytesPerBlock(roomy.Architecture, options.KvElement),
        });
        Task<GenerationResult> beside = tight.RunAsync(EngineRunner.Greedy("It was", 20));
        IReadOnlyList<BeamHypothesis>[] found =
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => tight.BeamSearchAsync(request, TestContext.Current.CancellationToken)));
        await beside;
        Assert.All(found, beams => Assert.Equal(expected.Select(b => b.Text), beams.Select(b => b.Text), StringComparer.Ordinal));
        Assert.Equal(0, tight.Statistics.KvBlocksUsed);
    }
}
