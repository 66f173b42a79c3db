using Inferometer.Core;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly Tokenizer Tokens = TestVocabulary.Create();

    private static int[] Sample(SamplingOptions options, int count, ulong seed = 1)
    {
        Sampler sampler = new(Tokens.VocabularySize);
        SamplerState state = new(options, [], Tokens, constraint: null, count, seed);
        int[] result = new int[count];
        for (int i = 0; i < count; i++)
        {
            result[i] = sampler.Sample(Row(i), state, out _);
        }

        return result;
    }

    private static float[] Row(int seed)
    {
        Random random = new(seed);
        float[] row = new float[Tokens.VocabularySize];
        for (int i = 0; i < row.Length; i++)
        {
            row[i] = (float)(random.NextDouble() * 10);
        }

        return row;
    }

    [Fact]
    public void The_same_seed_gives_the_same_tokens_and_another_one_others()
    {
        SamplingOptions options = new() { Seed = 7, TopP = 0.9f };
        Assert.Equal(Sample(options, 50, seed: 1), Sample(options, 50, seed: 2));
        Assert.NotEqual(Sample(options, 50), Sample(options with { Seed = 8 }, 50));
        Assert.NotEqual(Sample(options with { Seed = null }, 50, seed: 1), Sample(options with { Seed = null }, 50, seed: 2));
    }

    [Fact]
    public void Bias_of_negative_infinity_forbids_a_token_and_end_tokens_can_be_ignored()
    {
        int best = Sampler.ArgMax(Row(0));
        Assert.NotEqual(
            best, Sample(SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [best] = float.NegativeInfinity } }, 1)[0]);
        SamplingOptions towardsEnd = SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [TestVocabulary.End] = 100 } };
        Assert.Equal([TestVocabulary.End], Sample(towardsEnd, 1));
        Assert.NotEqual([TestVocabulary.End], Sample(towardsEnd with { IgnoreEndOfGeneration = true }, 1));
    }

    [Fact]
    public void Log_probabilities_are_those_of_the_model_whatever_the_options()
    {
        Sampler sampler = new(Tokens.VocabularySize);
        SamplingOptions options = new() { Temperature = 0.1f, TopK = 1, TopLogProbabilities = 3, PresencePenalty = 2 };
        float[] row = Row(3);
        int token =
            sampler.Sample((float[])row.Clone(), new SamplerState(options, [], Tokens, null, 10, 1), out TokenLogProbabilities? logs);
        double sum = row.Sum(l => Math.Exp(l));
        int[] order = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).Take(3)];
        Assert.NotNull(logs);
        Assert.Equal(token, logs.Chosen.TokenId);
        Assert.Equal(Math.Log(Math.Exp(row[token]) / sum), logs.Chosen.LogProbability, 1e-4);
        Assert.Equal(order, logs.Top.Select(t => t.TokenId));
        Assert.All(logs.Top, t => Assert.Equal(Math.Log(Math.Exp(row[t.TokenId]) / sum), t.LogProbability, 1e-4));
    }

    [Fact]
    public void Sampling_allocates_nothing_per_token()
    {
        Sampler sampler = new(Tokens.VocabularySize);
        SamplingOptions options = new() { TopK = 40, TopP = 0.9f, MinP = 0.01f, RepetitionPenalty = 1.1f, Temperature = 0.8f };
        SamplerState state = new(options, [1, 2, 3], Tokens, null, 10_000, 1);
        float[] row = Row(1);
        float[] copy = new float[row.Length];
        for (int i = 0; i < 2000; i++)
        {
            row.CopyTo(copy, 0);
            sampler.Sample(copy, state, out _);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 500; i++)
        {
            row.CopyTo(copy, 0);
            sampler.Sample(copy, state, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("Temperature")]
    [InlineData("TopP")]
    [InlineData("MinP")]
    [InlineData("RepetitionPenalty")]
    [InlineData("LogitBias")]
    [InlineData("StopTokens")]
    [InlineData("TopLogProbabilities")]
    public void Values_out_of_range_are_named(string name)
    {
        SamplingOptions options = name switch
        {
            "Temperature" => new SamplingOptions { Temperature = float.NaN },
            "TopP" => new SamplingOptions { TopP = 0 },
            "MinP" => new SamplingOptions { MinP = 1.5f },
            "RepetitionPenalty" => new SamplingOptions { RepetitionPenalty = 0 },
            "LogitBias" => new SamplingOptions { LogitBias = new Dictionary<int, float> { [9999] = 1 } },
            "StopTokens" => new SamplingOptions { StopTokens = [-1] },
            _ => new SamplingOptions { TopLogProbabilities = 101 },
        };
        InferometerException error = Assert.Throws<InferometerException>(() => options.Validate(Tokens.VocabularySize));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }
}
