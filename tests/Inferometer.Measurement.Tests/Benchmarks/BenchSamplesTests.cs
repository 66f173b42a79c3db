using Inferometer.Measurement.Benchmarks;

namespace Inferometer.Measurement.Tests.Benchmarks;

public class BenchSamplesTests
{
    [Fact]
    public void Rates_and_deviations_are_those_of_the_samples()
    {
        // 100 tokens in 1 s and 2 s: 100 and 50 tokens/s, mean 75, deviation sqrt((25² + 25²) / 1).
        BenchSamples samples = new(new BenchTest(25, 0, 0, 4), [1, 2]);
        Assert.Equal([100.0, 50.0], samples.Rates);
        Assert.Equal(75, samples.MeanRate, 1e-9);
        Assert.Equal(Math.Sqrt(1250), samples.RateDeviation, 1e-9);
        Assert.Equal(1.5, samples.MeanSeconds, 1e-9);
        Assert.Equal(0, new BenchSamples(samples.Test, [1]).RateDeviation);
    }
}
