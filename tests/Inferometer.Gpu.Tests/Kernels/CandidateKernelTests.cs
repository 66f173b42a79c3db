using ILGPU;
using Inferometer.Gpu.Kernels;
using Inferometer.Runners;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>Candidates of rows of logits against sorted rows, and masses against double precision.</summary>
public sealed class CandidateKernelTests
{
    [Theory]
    [InlineData(1, 5000)]
    [InlineData(4, 3001)]
    [InlineData(1, 300)]
    [InlineData(1, 80)]
    public void The_greatest_are_found_in_order_and_what_all_others_weigh(int lanes, int width)
    {
        using KernelBench bench = new(lanes, 21);
        float[][] rows = [bench.Values(width, 12), bench.Values(width, 3), bench.Values(width, 12), bench.Values(width, 8)];
        for (int i = 0; i < width; i++)
        {
            rows[1][i] = MathF.Round(rows[1][i]); // many are equal: those of lower numbers come first
            rows[3][i] = i % 50 == 0 ? rows[3][i] : float.NegativeInfinity; // no more than that can be chosen
        }

        float[] temperatures = [0.7f, 1.5f, 0, 1];
        int[] output = Find(bench, rows, temperatures);
        for (int row = 0; row < rows.Length; row++)
        {
            ReadOnlySpan<int> numbers = output.AsSpan(row * CandidateKernels.RowNumbers, CandidateKernels.RowNumbers);
            int count = numbers[CandidateKernels.CountAt];
            if (temperatures[row] == 0)
            {
                Assert.Equal(0, count);
                continue;
            }

            float[] values = rows[row];
            int[] expected = [.. Enumerable.Range(0, width).Where(i => values[i] > float.NegativeInfinity)
                .OrderByDescending(i => values[i]).ThenBy(i => i).Take(CandidateKernels.Count).Order()];
            Assert.Equal(expected, numbers.Slice(CandidateKernels.TokensAt, count).ToArray());
            Assert.Equal(
                expected.Select(i => values[i]),
                numbers.Slice(CandidateKernels.TokensAt + CandidateKernels.Count, count).ToArray().Select(BitConverter.Int32BitsToSingle));
            AssertMass(values, temperatures[row], numbers[CandidateKernels.MassAt]);
            AssertMass(values, 1, numbers[CandidateKernels.PlainMassAt]);
        }
    }

    [Fact]
    public void Too_many_as_good_give_none()
    {
        using KernelBench bench = new(1, 22);
        Assert.Equal(0, Find(bench, [new float[5000]], [1])[CandidateKernels.CountAt]);
    }

    private static int[] Find(KernelBench bench, float[][] rows, float[] temperatures)
    {
        ArrayView<int> output = bench.Upload(Enumerable.Repeat(-7, rows.Length * CandidateKernels.RowNumbers).ToArray());
        bench.Device.Kernels.FindCandidates(
            new KernelConfig(rows.Length, bench.Device.VocabularyThreads), bench.Upload(rows.SelectMany(row => row).ToArray()),
            rows[0].Length, bench.Upload(temperatures), output);
        return bench.Download(output);
    }

    // A tenth of the error that samplers reckon with.
    private static void AssertMass(float[] row, double temperature, int bits)
    {
        double max = row.Max(), expected = row.Sum(value => Math.Exp((value - max) / temperature));
        Assert.Equal(expected, BitConverter.Int32BitsToSingle(bits), 0.1 * RowCandidates.MassError * expected);
    }
}
