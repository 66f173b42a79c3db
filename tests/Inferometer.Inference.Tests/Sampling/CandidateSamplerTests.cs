using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Inference.Tests.Sampling;

/// <summary>Candidates give the token of the whole row, or say that they cannot tell.</summary>
public sealed class CandidateSamplerTests
{
    private const int Vocabulary = 4000;

    private static readonly Tokenizer Tokens = TestVocabulary.Create();

    public static TheoryData<string> Names => [.. Options.Keys];

    private static Dictionary<int, float> Forbidden { get; } =
        Enumerable.Range(0, 200).ToDictionary(i => i * 7, i => i % 2 == 0 ? float.NegativeInfinity : -1.5f);

    // With the share of rows that have to be read whole at most. Wide rows have hundreds of tokens in a nucleus.
    private static Dictionary<string, (SamplingOptions Options, double MostUndecided)> Options { get; } = new(StringComparer.Ordinal)
    {
        ["top-k"] = (new() { TopK = 40 }, 0),
        ["top-k, hot"] = (new() { TopK = 100, Temperature = 1.7f }, 0),
        ["top-k and top-p"] = (new() { TopK = 50, TopP = 0.9f, Temperature = 0.7f }, 0),
        ["top-k and min-p"] = (new() { TopK = 20, MinP = 0.05f }, 0),
        ["min-p"] = (new() { MinP = 0.02f, Temperature = 0.8f }, 0),
        ["top-p"] = (new() { TopP = 0.9f, Temperature = 0.6f }, 0.05),
        ["top-p, near all"] = (new() { TopP = 0.99f, Temperature = 0.3f }, 0.3),
        ["penalties"] = (new() { TopK = 40, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.4f, PresencePenalty = 0.2f }, 0.02),
        ["penalties and top-p"] = (new() { TopP = 0.8f, Temperature = 0.5f, RepetitionPenalty = 1.1f, PresencePenalty = 0.5f }, 0.1),
        ["bias"] = (new() { TopK = 40, LogitBias = Forbidden }, 0.02),
        ["bias and top-p"] = (new() { TopP = 0.8f, Temperature = 0.5f, LogitBias = Forbidden }, 0.1),
        ["no end yet"] = (new() { TopK = 10, MinOutputTokens = 20 }, 0),
        ["log-probabilities"] = (new() { TopK = 40, TopLogProbabilities = 20 }, 0),
        ["greedy with log-probabilities"] = (SamplingOptions.Greedy with { TopLogProbabilities = 5 }, 0),
        ["greedy with a bias"] = (SamplingOptions.Greedy with { LogitBias = Forbidden }, 0.02),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void They_give_the_token_of_the_row_or_say_that_they_cannot_tell(string name)
    {
        (SamplingOptions options, double mostUndecided) = Options[name];
        Sampler sampler = new(Vocabulary);
        int rows = 0, undecided = 0, different = 0;
        for (int seed = 0; seed < 10; seed++)
        {
            SamplerState ofRow = State(options, seed), ofCandidates = State(options, seed);
            Assert.True(ofCandidates.CandidateTemperature > 0);
            for (int i = 0; i < 30; i++, rows++)
            {
                float[] row = Row((seed * 100) + i, spread: 3);
                // The masses are as wrong as they may be, to either side.
                Candidates candidates = new(row, ofCandidates.CandidateTemperature, (i % 3) - 1);
                int expected = sampler.Sample([.. row], ofRow, out TokenLogProbabilities? expectedLogs);
                different += expected == Sampler.ArgMax(row) ? 0 : 1;
                if (!sampler.TrySample(candidates.Of(), ofCandidates, out int actual, out TokenLogProbabilities? logs))
                {
                    undecided++;
                    ofCandidates.Accept(expected);
                    continue;
                }

                Assert.Equal(expected, actual);
                Assert.Equal(expectedLogs?.Top.Select(t => t.TokenId), logs?.Top.Select(t => t.TokenId));
                Assert.Equal(expectedLogs?.Chosen.LogProbability ?? 0, logs?.Chosen.LogProbability ?? 0, 2 * RowCandidates.MassError);
            }
        }

        Assert.True(undecided <= mostUndecided * rows, $"{undecided} of {rows} rows had to be read whole");
        Assert.True(options.IsGreedy || different > rows / 10, "the most probable token was drawn nearly always");
    }

    [Fact]
    public void A_nucleus_that_they_do_not_hold_is_left_to_the_row()
    {
        SamplerState state = State(new() { TopP = 0.9f }, 1);
        float[] flat = Row(1, spread: 0.5);
        Assert.False(new Sampler(Vocabulary).TrySample(new Candidates(flat, 1, 0).Of(), state, out _, out _));
        Assert.Equal(0, state.OutputTokens);
    }

    [Fact]
    public void Equal_tokens_at_the_border_of_the_most_probable_are_left_to_the_row()
    {
        float[] row = new float[Vocabulary];
        row[17] = 1;
        SamplerState state = State(new() { TopK = 5 }, 1);
        Assert.False(new Sampler(Vocabulary).TrySample(new Candidates(row, 1, 0).Of(), state, out _, out _));
        Assert.True(new Sampler(Vocabulary).TrySample(
            new Candidates(row, 1, 0).Of(), State(new() { TopK = 1 }, 1), out int token, out _));
        Assert.Equal(17, token);
    }

    [Fact]
    public void Tokens_that_are_all_forbidden_are_left_to_the_row()
    {
        float[] row = Row(3, spread: 3);
        Candidates candidates = new(row, 1, 0);
        Dictionary<int, float> all = candidates.Of().Tokens.ToArray().ToDictionary(token => token, _ => float.NegativeInfinity);
        foreach (SamplingOptions options in new[] { new SamplingOptions { TopK = 3 }, SamplingOptions.Greedy })
        {
            SamplerState state = State(options with { LogitBias = all }, 1);
            Assert.False(new Sampler(Vocabulary).TrySample(candidates.Of(), state, out _, out _));
        }
    }

    [Fact]
    public void What_may_raise_a_token_or_allows_all_of_them_wants_no_candidates()
    {
        SamplingOptions[] refused =
        [
            new(), SamplingOptions.Greedy, new() { TopK = 5, RepetitionPenalty = 0.9f }, new() { TopK = 5, FrequencyPenalty = -1 },
            new() { TopK = 5, PresencePenalty = -1 }, new() { TopK = 5, LogitBias = new Dictionary<int, float> { [3] = 0.1f } },
        ];
        Assert.All(refused, options => Assert.Equal(0, State(options, 1).CandidateTemperature));
    }

    private static SamplerState State(SamplingOptions options, int seed) =>
        new(options, [1, 50, 50, 99, 700, 1400], Tokens, constraint: null, 100, (ulong)seed);

    private static float[] Row(int seed, double spread)
    {
        Random random = new(seed);
        float[] row = new float[Vocabulary];
        for (int i = 0; i < row.Length; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            row[i] = (float)(spread * normal);
        }

        return row;
    }

    /// <summary>What a device would give of a row, by its definition.</summary>
    private sealed class Candidates(float[] row, double temperature, int error)
    {
        private readonly int[] _tokens =
            [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).ThenBy(i => i).Take(256).Order()];

        public RowCandidates Of()
        {
            float[] logits = [.. _tokens.Select(token => row[token])];
            return new RowCandidates(_tokens, logits, logits.Min(), Mass(temperature), Mass(1));
        }

        private float Mass(double divisor)
        {
            float max = row.Max();
            return (float)(row.Sum(logit => Math.Exp((logit - max) / divisor)) * (1 + (error * 0.99 * RowCandidates.MassError)));
        }
    }
}
