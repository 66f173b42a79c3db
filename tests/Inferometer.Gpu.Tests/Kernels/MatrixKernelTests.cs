using ILGPU;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Gpu.Kernels;
using Inferometer.Gpu.Weights;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>Products on the emulated device against sums in double precision, with one thread for a row and with a small warp.</summary>
public sealed class MatrixKernelTests
{
    private const double Rounding = 1e-5;

    public static TheoryData<GgmlType, int> Formats => new(
        from type in new[]
        {
            GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q6_K, GgmlType.MXFP4,
        }
        from lanes in new[] { 1, 4 }
        select (type, lanes));

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_are_decoded_to_the_bit(GgmlType type, int lanes)
    {
        using KernelBench bench = new(lanes, 1);
        (DeviceMatrix matrix, float[] weights) = bench.Matrix(type, 3, 512);
        ArrayView<float> y = bench.Upload(new float[2 * 512]);
        matrix.Kernels.Embed(new KernelConfig(2, lanes), matrix.Weights, bench.Upload([2, 0]), y, 1);
        Assert.Equal([.. weights[1024..], .. weights[..512]], bench.Download(y));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_are_those_of_the_decoded_weights_for_one_token_and_for_several(GgmlType type, int lanes)
    {
        const int rows = 5, columns = 512, tokens = 6, stride = 8, offset = 2;
        using KernelBench bench = new(lanes, 2);
        (DeviceMatrix matrix, float[] weights) = bench.Matrix(type, rows, columns);
        float[] bias = bench.Values(rows);
        foreach (int count in new[] { 1, tokens })
        {
            (Operand operand, float[] x) = bench.Activations(matrix.Kernels, count, columns);
            ArrayView<float> y = bench.Upload(new float[count * stride]);
            int tiles = count == 1 ? 1 : (count + FormatKernels.TileTokens - 1) / FormatKernels.TileTokens;
            matrix.Kernels.For(count).Multiply(
                bench.Grid(rows, tiles), matrix.Weights, operand, bench.Upload(bias), 1, y, stride, offset);
            float[] actual = bench.Download(y);
            for (int token = 0; token < count; token++)
            {
                for (int row = 0; row < rows; row++)
                {
                    (double sum, double magnitude) = KernelBench.Dot(weights, row, x, token, columns);
                    Assert.Equal(sum + bias[row], actual[(token * stride) + offset + row], (Rounding * magnitude) + 1e-6);
                }

                Assert.Equal(0, actual[(token * stride) + offset + rows]);
            }
        }
    }

    [Theory]
    [InlineData(ActivationKind.Silu)]
    [InlineData(ActivationKind.GeluTanh)]
    [InlineData(ActivationKind.Gelu)]
    [InlineData(ActivationKind.SwigluOss)]
    [InlineData(ActivationKind.ReluSquared)]
    [InlineData(ActivationKind.Relu)]
    public void Both_halves_of_a_gated_network_meet_in_the_activation_of_the_processor(ActivationKind activation)
    {
        const int rows = 3, columns = 64, tokens = 5;
        using KernelBench bench = new(1, 3);
        (DeviceMatrix gate, float[] gates) = bench.Matrix(GgmlType.F32, rows, columns);
        (DeviceMatrix up, float[] ups) = bench.Matrix(GgmlType.F32, rows, columns);
        (Operand operand, float[] x) = bench.Activations(gate.Kernels, tokens, columns);
        ArrayView<float> y = bench.Upload(new float[tokens * rows]), none = bench.Upload(new float[rows]);
        gate.Kernels.For(tokens).GateUp(bench.Grid(rows, 2), gate.Weights, up.Weights, operand, none, none, 0, y, (int)activation);
        float[] actual = bench.Download(y), expected = new float[1];
        for (int i = 0; i < actual.Length; i++)
        {
            float[] g = [(float)KernelBench.Dot(gates, i % rows, x, i / rows, columns).Sum];
            float[] u = [(float)KernelBench.Dot(ups, i % rows, x, i / rows, columns).Sum];
            Cpu.Kernels.Elementwise.GatedActivation.Apply(activation, g, u, expected);
            Assert.Equal(expected[0], actual[i], 1e-4 * (1 + Math.Abs(expected[0])));
        }
    }

    [Fact]
    public void Matrices_one_above_the_other_are_each_multiplied_with_the_tokens_routed_to_them()
    {
        const int experts = 3, rows = 4, columns = 64, tokens = 2, choices = 2;
        using KernelBench bench = new(1, 4);
        (DeviceMatrix down, float[] weights) = bench.Matrix(GgmlType.Q8_0, experts * rows, columns, parts: experts);
        (Operand operand, float[] x) = bench.Activations(down.Kernels, tokens * choices, columns);
        int[] chosen = [0, 2, 1, 2];
        float[] shares = [0.25f, 0.75f, 0.5f, 2], start = bench.Values(tokens * rows);
        ArrayView<float> y = bench.Upload(start);
        down.Kernels.ExpertDown(
            bench.Grid(rows, tokens), down.Weights, operand, y, 0, bench.Upload(chosen), bench.Upload(shares), choices, rows, y, 1);
        float[] actual = bench.Download(y);
        for (int i = 0; i < actual.Length; i++)
        {
            double expected = start[i];
            for (int pair = i / rows * choices; pair < ((i / rows) + 1) * choices; pair++)
            {
                expected += shares[pair] * KernelBench.Dot(weights, (chosen[pair] * rows) + (i % rows), x, pair, columns).Sum;
            }

            Assert.Equal(expected, actual[i], 1e-3);
        }
    }
}
