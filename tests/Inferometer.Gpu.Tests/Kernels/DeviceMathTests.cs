using ILGPU;
using ILGPU.Runtime;
using Inferometer.Gpu.Kernels;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>Functions of single numbers as kernels run them, against the framework's.</summary>
public sealed class DeviceMathTests
{
    [Fact]
    public void Halves_are_read_and_rounded_as_the_framework_does()
    {
        using KernelBench bench = new(1, 5);
        float[] values =
        [
            0, -0f, 1, -1, 65504, 65519.996f, 65520, -70000, 6.1035156e-5f, 6.0975552e-5f, 5.9604645e-8f, 2.9802322e-8f, 2.98e-8f,
            1.0004883f, 1.0014648f, float.PositiveInfinity, float.NegativeInfinity, .. bench.Values(200, 4), .. bench.Values(200, 1e-4),
        ];
        ArrayView<ushort> halves = bench.Upload(new ushort[values.Length]);
        ArrayView<float> again = bench.Upload(new float[values.Length]);
        bench.Device.Accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<ushort>, ArrayView<float>>(Convert)(
            new KernelConfig(values.Length, 1), bench.Upload(values), halves, again);
        Assert.Equal(values.Select(v => BitConverter.HalfToUInt16Bits((System.Half)v)), bench.Download(halves));
        Assert.Equal(values.Select(v => (float)(System.Half)v), bench.Download(again));
    }

    [Fact]
    public void Powers_roots_and_tangents_are_within_a_few_units_of_the_last_place()
    {
        using KernelBench bench = new(1, 6);
        float[] values = [0, 1e-7f, -1e-7f, 0.5f, -0.5f, 1, -1, 10, -10, 80, -80, -200, float.NegativeInfinity, .. bench.Values(300, 20)];
        ArrayView<float> results = bench.Upload(new float[3 * values.Length]);
        bench.Device.Accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>>(Compute)(
            new KernelConfig(values.Length, 1), bench.Upload(values), results);
        float[] actual = bench.Download(results);
        for (int i = 0; i < values.Length; i++)
        {
            double x = values[i], root = 1 / Math.Sqrt(Math.Abs(x) + 1e-5);
            Assert.Equal(x < -87.3 ? 0 : Math.Exp(x), actual[3 * i], 3e-6 * Math.Exp(x));
            Assert.Equal(Math.Tanh(x), actual[(3 * i) + 1], 1e-6);
            if (double.IsFinite(x))
            {
                Assert.Equal(root, actual[(3 * i) + 2], 1e-6 * root);
            }
        }
    }

    private static void Convert(ArrayView<float> values, ArrayView<ushort> halves, ArrayView<float> again)
    {
        halves[Grid.IdxX] = DeviceMath.FloatToHalf(values[Grid.IdxX]);
        again[Grid.IdxX] = DeviceMath.HalfToFloat(halves[Grid.IdxX]);
    }

    private static void Compute(ArrayView<float> values, ArrayView<float> results)
    {
        int at = 3 * Grid.IdxX;
        float x = values[Grid.IdxX];
        results[at] = DeviceMath.Exp(x);
        results[at + 1] = DeviceMath.Tanh(x);
        results[at + 2] = DeviceMath.ReciprocalSqrt(IntrinsicMath.Abs(x) + 1e-5f);
    }
}
