using ILGPU;
using Inferometer.Core.Gguf;
using Inferometer.Gpu.Weights;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>
/// Products of many tokens, with warps of 32 threads whose matrix units are emulated: which thread holds which number is tested, the
/// instructions themselves are not.
/// </summary>
public sealed class TensorKernelTests
{
    [Theory]
    [InlineData(GgmlType.F16, 2e-3)]
    [InlineData(GgmlType.BF16, 1e-2)]
    [InlineData(GgmlType.Q8_0, 1e-5)]
    [InlineData(GgmlType.Q4_0, 1e-5)]
    [InlineData(GgmlType.Q4_K, 1e-5)]
    [InlineData(GgmlType.Q6_K, 1e-5)]
    [InlineData(GgmlType.MXFP4, 1e-5)]
    public void Products_are_those_of_the_decoded_weights(GgmlType type, double rounding)
    {
        const int rows = 19, tokens = 11, stride = 24, offset = 3;
        int columns = type is GgmlType.Q4_K or GgmlType.Q6_K ? 256 : 64;
        using KernelBench bench = new(32, 11);
        (DeviceMatrix matrix, float[] weights) = bench.Matrix(type, rows, columns);
        (Gpu.Kernels.Operand operand, float[] x) = bench.Activations(matrix.Kernels, tokens, columns);
        float[] bias = bench.Values(rows);
        ArrayView<float> y = bench.Upload(new float[tokens * stride]);
        matrix.Kernels.MultiplyMany(
            new KernelConfig(new Index3D(2, 1, 1), new Index3D(32, 1, 1)), matrix.Weights, operand, bench.Upload(bias), 1, y, stride,
            offset);
        float[] actual = bench.Download(y);
        for (int token = 0; token < tokens; token++)
        {
            for (int row = 0; row < rows; row++)
            {
                (double sum, double magnitude) = KernelBench.Dot(weights, row, x, token, columns);
                Assert.Equal(sum + bias[row], actual[(token * stride) + offset + row], (rounding * magnitude) + 1e-6);
            }

            Assert.Equal(0, actual[(token * stride) + offset + rows]);
        }
    }
}
