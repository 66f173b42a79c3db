using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Measurement.Tests.Benchmarks;

public class TestLimitTests
{
    [Fact]
    public void The_limit_of_generation_is_its_reads_and_that_of_a_prompt_its_arithmetic()
    {
        ModelArchitecture model = GgufArchitectureReader.Read(SmallModels.Bundled);
        const long bytes = 5_827_584; // 5,472,256 weights of 34 bytes per 32, 3,328 of 4 bytes
        TestLimit limit = new(
            model, bytes, GgmlType.Q8_0, new BenchCache(KvElement.F16, null),
            new MachineLimits(1, ReadGBps: 10, FloatGops: 100, Int8Gops: 400));

        // One token with 15 before it: all weights, 16 x 3072 bytes read and 3072 written (6 layers, keys and values of 2 heads of 64, 2
        // bytes each) at 10 GB/s.
        AtMost(1e10 / (bytes + (17 * 3072)), limit.Rate(new BenchTest(0, 1, 15, 1)));

        // 100 tokens: 2 operations for each of the 4,426,752 + 256 weights in layers and last norm and token at 400 G/s; attention at 100
        // G/s: 4 operations for each of 6 x 4 x 64 channels and 100 x 101 / 2 pairs. The head has one row to do: it takes as long as its
        // 4096 x 256 weights to read.
        double head = bytes * (4096.0 * 256) / 5_472_256 / 10e9;
        double seconds = (2.0 * 4_427_008 * 100 / 400e9) + head + (4.0 * 6 * 4 * 64 * 5050 / 100e9);
        AtMost(100 / seconds, limit.Rate(new BenchTest(100, 0, 0, 1)));
    }

    [Theory]
    [InlineData(GgmlType.Q4_K, 400)]
    [InlineData(GgmlType.BF16, 200)] // 16-bit products, half as many as 8-bit ones
    [InlineData(GgmlType.F32, 100)]
    public void The_limit_of_a_prompt_knows_the_products_its_weights_are_multiplied_with(GgmlType type, double matrixGops)
    {
        ModelArchitecture model = GgufArchitectureReader.Read(SmallModels.Bundled);
        TestLimit limit = new(
            model, 1, type, new BenchCache(KvElement.F16, null), new MachineLimits(1, ReadGBps: 1e6, FloatGops: 100, Int8Gops: 400));
        double seconds = (((2.0 * 4_427_008 * 100) + (2.0 * 4096 * 256)) / (matrixGops * 1e9)) + (4.0 * 6 * 4 * 64 * 5050 / 100e9);
        AtMost(100 / seconds, limit.Rate(new BenchTest(100, 0, 0, 1)));
    }

    // Norms, rotations and activations take their time as well, some hundredths of it in so small a model.
    private static void AtMost(double rate, double actual) => Assert.InRange(actual, 0.96 * rate, rate);
}
