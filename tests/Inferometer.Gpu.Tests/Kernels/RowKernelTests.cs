using ILGPU;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>What is done to whole rows, against its definition.</summary>
public sealed class RowKernelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void The_first_of_the_greatest_is_found_and_a_row_with_a_number_that_is_none_has_no_best(int lanes)
    {
        using KernelBench bench = new(lanes, 8);
        float[][] rows =
        [
            [1, 5, 2, 5, 0, 5, -1, 3, 4],
            [-9, -8, -7, -6, -5, -4, -3, -2, -2],
            [0, float.NaN, 3, 1, 1, 1, 1, 1, 1],
            [0, 1, float.PositiveInfinity, 1, 1, 1, 1, 1, 1],
            [float.NegativeInfinity, 1, 0, float.NegativeInfinity, 0, 0, 0, 0, 0],
            [.. Enumerable.Repeat(float.NegativeInfinity, 9)],
        ];
        ArrayView<int> best = bench.Upload(new int[rows.Length]);
        bench.Device.Kernels.Best(
            new KernelConfig(rows.Length, bench.Device.RowThreads), bench.Upload(rows.SelectMany(r => r).ToArray()), 9, best);
        Assert.Equal([1, 7, -1, -1, 1, -1], bench.Download(best));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(4, true)]
    [InlineData(4, false)]
    public void A_change_joins_normed_and_the_wanted_rows_are_normed(int lanes, bool hasPostNorm)
    {
        const int width = 64;
        using KernelBench bench = new(lanes, 9);
        float[] residual = bench.Values(3 * width), change = bench.Values(3 * width);
        float[] weight = bench.Values(width), post = bench.Values(width);
        NormArguments arguments = new()
        {
            Residual = bench.Upload(residual),
            Change = bench.Upload(change),
            PostWeight = bench.Upload(post),
            Weight = bench.Upload(weight),
            Output = bench.Upload(new float[2 * width]),
            Quants = bench.Upload(new int[2 * width / 4]),
            Scales = bench.Upload(new ActivationScale[2 * width / 32]),
            Map = bench.Upload([2, 0]),
            Width = width,
            Epsilon = 1e-5f,
            ResidualScale = 0.5f,
            HasChange = 1,
            HasPostNorm = hasPostNorm ? 1 : 0,
            HasNorm = 1,
            Rounds = 1,
            HasMap = 1,
        };
        bench.Device.Kernels.JoinAndNorm(new KernelConfig(2, bench.Device.RowThreads), arguments);
        float[] joined = bench.Download(arguments.Residual), normed = bench.Download(arguments.Output);
        ActivationScale[] scales = bench.Download(arguments.Scales);
        int[] words = bench.Download(arguments.Quants);
        Assert.Equal(residual[width..(2 * width)], joined[width..(2 * width)]);
        foreach ((int target, int row) in new[] { (0, 2), (1, 0) })
        {
            float[] added = change[(row * width)..((row + 1) * width)], expected = new float[width];
            if (hasPostNorm)
            {
                Cpu.Kernels.Elementwise.RmsNorm.Apply(added, post, 1e-5f, added);
            }

            for (int i = 0; i < width; i++)
            {
                added[i] = residual[(row * width) + i] + (0.5f * added[i]);
                Assert.Equal(added[i], joined[(row * width) + i], 1e-5);
            }

            Cpu.Kernels.Elementwise.RmsNorm.Apply(added, weight, 1e-5f, expected);
            for (int i = 0; i < width; i++)
            {
                int at = (target * width) + i;
                Assert.Equal(expected[i], normed[at], 1e-5);
                float scale = scales[at / 32].Scale;
                Assert.Equal(normed[at], scale * (sbyte)(words[at / 4] >> (8 * (at % 4))), 0.501 * scale);
            }
        }
    }

    [Theory]
    [InlineData(false, true, false)]
    [InlineData(true, false, true)]
    public void Experts_are_chosen_by_their_ranks_and_weighed_by_their_probabilities(bool isSigmoid, bool normalises, bool corrects)
    {
        const int experts = 7, choices = 3, tokens = 4;
        using KernelBench bench = new(1, 10);
        float[] scores = bench.Values(tokens * experts, 3), correction = bench.Values(experts, 0.5);
        scores[2] = scores[4]; // two as good: the lower number goes first
        RouteArguments arguments = new()
        {
            Scores = bench.Upload(scores),
            Correction = bench.Upload(correction),
            Chosen = bench.Upload(new int[tokens * choices]),
            Shares = bench.Upload(new float[tokens * choices]),
            Tokens = tokens,
            Experts = experts,
            Choices = choices,
            Scale = 1.5f,
            IsSigmoid = isSigmoid ? 1 : 0,
            Normalises = normalises ? 1 : 0,
            HasCorrection = corrects ? 1 : 0,
        };
        bench.Device.Kernels.Route(new KernelConfig(tokens, 1), arguments);
        int[] chosen = bench.Download(arguments.Chosen);
        float[] shares = bench.Download(arguments.Shares);
        for (int token = 0; token < tokens; token++)
        {
            double[] row = [.. scores.Skip(token * experts).Take(experts).Select(s => (double)s)];
            double sum = row.Sum(Math.Exp);
            double[] probabilities = [.. row.Select(s => isSigmoid ? 1 / (1 + Math.Exp(-s)) : Math.Exp(s) / sum)];
            int[] expected = [.. Enumerable.Range(0, experts)
                .OrderByDescending(e => probabilities[e] + (corrects ? correction[e] : 0)).ThenBy(e => e).Take(choices).Order()];
            double factor = 1.5 / (normalises ? expected.Sum(e => probabilities[e]) : 1);
            Assert.Equal(expected, chosen.Skip(token * choices).Take(choices));
            for (int choice = 0; choice < choices; choice++)
            {
                Assert.Equal(factor * probabilities[expected[choice]], shares[(token * choices) + choice], 1e-5);
            }
        }
    }
}
