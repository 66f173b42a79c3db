using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Inference.Sampling;

namespace Inferometer.Inference.Tests.Sampling;

public sealed class LogitTransformsTests
{
    private static float[] Probabilities(SamplingOptions options, params float[] logits)
    {
        float[] row = [.. logits];
        LogitTransforms.ToProbabilities(row, options, new float[row.Length], new int[row.Length]);
        return row;
    }

    [Fact]
    public void Without_limits_the_probabilities_are_the_softmax_at_the_temperature()
    {
        // softmax([0, ln 2, ln 5]) = 1/8, 2/8, 5/8; at temperature 0.5 the weights are squared: 1, 4, 25 over 30.
        float[] logits = [0, MathF.Log(2), MathF.Log(5)];
        AssertClose([0.125, 0.25, 0.625], Probabilities(new SamplingOptions(), logits));
        AssertClose([1 / 30.0, 4 / 30.0, 25 / 30.0], Probabilities(new SamplingOptions { Temperature = 0.5f }, logits));
    }

    [Fact]
    public void Top_k_keeps_the_k_most_probable_and_of_equal_ones_the_lower_ids()
    {
        AssertClose([0, 1 / 3.0, 0, 2 / 3.0], Probabilities(new SamplingOptions { TopK = 2 }, 0, MathF.Log(3), MathF.Log(2), MathF.Log(6)));
        AssertClose([0.5, 0.5, 0, 0], Probabilities(new SamplingOptions { TopK = 2 }, 1, 1, 1, 1));
    }

    [Fact]
    public void Top_p_keeps_the_fewest_tokens_that_reach_the_mass()
    {
        float[] logits = [MathF.Log(5), MathF.Log(3), MathF.Log(1.5f), MathF.Log(0.5f)]; // 0.5, 0.3, 0.15, 0.05
        AssertClose([1, 0, 0, 0], Probabilities(new SamplingOptions { TopP = 0.4f }, logits));
        AssertClose([0.625, 0.375, 0, 0], Probabilities(new SamplingOptions { TopP = 0.7f }, logits));
        AssertClose([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0], Probabilities(new SamplingOptions { TopP = 0.9f }, logits));
    }

    [Fact]
    public void Min_p_keeps_tokens_relative_to_the_most_probable_one() =>
        AssertClose(
            [0.625, 0.375, 0, 0],
            Probabilities(new SamplingOptions { MinP = 0.5f }, MathF.Log(5), MathF.Log(3), MathF.Log(1.5f), MathF.Log(0.5f)));

    [Fact]
    public void Top_k_and_top_p_agree_with_sorting_the_whole_row()
    {
        Arbitrary<(int Seed, int K, int Mass)> cases = (
            from seed in Gen.Choose(0, 1_000_000)
            from k in Gen.Choose(1, 60)
            from mass in Gen.Choose(1, 99)
            select (seed, k, mass)).ToArbitrary();
        Prop.ForAll(cases, c =>
        {
            Random random = new(c.Seed);
            float[] logits = [.. Enumerable.Range(0, random.Next(1, 80)).Select(_ => (float)((random.NextDouble() * 12) - 6))];
            float[] actual = Probabilities(new SamplingOptions { TopK = c.K, TopP = c.Mass / 100f }, logits);
            int[] order = [.. Enumerable.Range(0, logits.Length).OrderByDescending(i => logits[i]).Take(c.K)];
            double total = order.Sum(i => Math.Exp(logits[i]));
            double sum = 0;
            List<int> kept = [];
            foreach (int i in order)
            {
                if (sum >= (c.Mass / 100.0) - 1e-6)
                {
                    break;
                }

                kept.Add(i);
                sum += Math.Exp(logits[i]) / total;
            }

            double keptTotal = kept.Sum(i => Math.Exp(logits[i]));
            AssertClose([.. logits.Select((l, i) => kept.Contains(i) ? Math.Exp(l) / keptTotal : 0)], actual);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Penalties_act_as_documented()
    {
        TokenCounts counts = new();
        counts.AddPrompt([0, 1]);
        counts.AddOutput(1);
        counts.AddOutput(1);
        counts.AddOutput(2);
        float[] logits = [3, -1, 4, 5];
        LogitTransforms.Penalise(logits, counts, new SamplingOptions
        {
            RepetitionPenalty = 2,
            FrequencyPenalty = 0.5f,
            PresencePenalty = 0.25f,
        });
        // 0: prompt only, 3 / 2. 1: -1 * 2 - 2 * 0.5 - 0.25. 2: 4 / 2 - 0.5 - 0.25. 3: untouched.
        AssertClose([1.5, -3.25, 1.25, 5], logits);
    }

    [Fact]
    public void A_draw_returns_each_token_as_often_as_its_probability()
    {
        float[] probabilities = [0, 0.5f, 0.25f, 0, 0.25f];
        SampleRandom random = new(seed: 42);
        int[] counts = new int[5];
        for (int i = 0; i < 100_000; i++)
        {
            counts[LogitTransforms.Draw(probabilities, random.Uniform(i))]++;
        }

        // Standard deviation of a count is at most sqrt(100000 / 4) = 158; the bounds are 5 of them.
        Assert.Equal((0, 0), (counts[0], counts[3]));
        Assert.InRange(counts[1], 50_000 - 800, 50_000 + 800);
        Assert.InRange(counts[2], 25_000 - 700, 25_000 + 700);
    }

    [Fact]
    public void Rows_without_a_possible_token_are_an_error()
    {
        Assert.Throws<InferometerException>(() => Probabilities(new SamplingOptions(), float.NegativeInfinity, float.NegativeInfinity));
        Assert.Throws<InferometerException>(() => Probabilities(new SamplingOptions(), 1, float.NaN));
        Assert.Throws<InferometerException>(() => Sampler.ArgMax([float.NegativeInfinity]));
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-5);
        }
    }
}
